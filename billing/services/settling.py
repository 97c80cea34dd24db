"""What follows from an invoice's state, as the provider tells it or as staff decide: number, books, announcements."""

from collections.abc import Sequence

from billing.models import BillingProfile, Invoice, InvoiceLine
from billing.services import bookkeeping, credit_note_endings, invoice_evidence, issuing, numbers
from billing.signals import invoice_finalized, invoice_paid, invoice_uncollectible, invoice_voided

Status = Invoice.Status
ENDS = {Status.PAID: invoice_paid, Status.VOID: invoice_voided, Status.UNCOLLECTIBLE: invoice_uncollectible}


def follow(invoice: Invoice, lines: Sequence[InvoiceLine]) -> None:
    """Bring number and books to the state that the row is about to be saved with. Doing it twice does it once."""
    if invoice.status == Status.DRAFT:
        return
    if invoice.sequence is None:
        _issue(invoice, lines)
    if invoice.status in (Status.PAID, Status.VOID) and invoice.written_off_minor:
        bookkeeping.post(bookkeeping.recovered(invoice, invoice.written_off_minor))
        invoice.written_off_minor = 0
    if invoice.status == Status.VOID:
        credit_note_endings.void_all(invoice)
        bookkeeping.post(bookkeeping.voided(invoice))
    elif invoice.status == Status.UNCOLLECTIBLE and not invoice.written_off_minor:
        write_off(invoice)


def _issue(invoice: Invoice, lines: Sequence[InvoiceLine]) -> None:
    """The provider made it final: from now on it has a number of ours, and its figures stand."""
    seller = invoice.legal_entity or numbers.legal_entity()
    invoice.legal_entity = seller
    issuing.stand_as(invoice, seller, BillingProfile.objects.filter(organization=invoice.organization_id).first())
    issuing.number([invoice])
    invoice.evidence = invoice_evidence.sealed(invoice, lines, None)
    bookkeeping.post(bookkeeping.finalized(invoice))


def write_off(invoice: Invoice) -> None:
    """What is still to be paid is given up. The caller saves."""
    invoice.written_off_minor = max(0, invoice.unsettled_minor)
    bookkeeping.post(bookkeeping.written_off(invoice, invoice.written_off_minor))


def announce(invoice: Invoice, before: str) -> None:
    """Tell what became of it, in the transaction that stores it."""
    if before in ("", Status.DRAFT) and invoice.sequence is not None:
        invoice_finalized.send(Invoice, invoice=invoice)
    end = ENDS.get(Status(invoice.status))
    # A draft that was deleted is void, and nobody ever heard of it.
    if end is not None and before != invoice.status and invoice.sequence is not None:
        end.send(Invoice, invoice=invoice)
