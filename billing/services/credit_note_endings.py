"""Credit notes that do not hold any more: void with what they belonged to, and still under their numbers."""

from billing.models import CreditNote, Invoice
from billing.services import bookkeeping
from billing.signals import credit_note_voided
from platform_core.services import audit

Status = CreditNote.Status
GONE = "The invoice is void."


def void(note: CreditNote, invoice: Invoice) -> None:
    """What it took back is owed again. The caller holds the invoice and saves it."""
    note.status = Status.VOID
    note.save(update_fields=["status"])
    invoice.credited_minor -= note.total_minor
    bookkeeping.post(bookkeeping.credit_voided(note))
    audit.record("credit_note.void", note, by=None, changes={"number": note.number})
    credit_note_voided.send(CreditNote, credit_note=note)


def void_all(invoice: Invoice) -> None:
    """Of an invoice that is as if it had never been, nothing is taken back. The caller holds it and saves it."""
    for note in invoice.credit_notes.issued().order_by("sequence"):
        void(note, invoice)
    for note in invoice.credit_notes.filter(status=Status.REQUESTED):
        note.status, note.failure = Status.FAILED, GONE
        note.save(update_fields=["status", "failure"])
        audit.record("credit_note.refuse", note, by=None, changes={"failure": GONE})
