"""Credit notes: what takes an invoice back. Numbers without a gap, lines, tax, books; an invoice itself never changes.

On an open invoice a credit note lessens what is due. Of one that is paid, it goes with a refund, or its amount fills
the customer's wallet. What it takes of each line and of the tax is what is left of them in proportion, so several of
them never take more than there was, and the last takes the rest.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, Refund, WalletGrant, WalletMovement
from billing.providers import provider
from billing.providers.protocol import CreditNoteFact, CreditNoteSpec, ProviderError, ProviderRefused
from billing.services import bookkeeping, credit_note_endings, numbers, settling, wallet
from billing.services.wallet import KeyReused, Terms
from billing.signals import credit_note_issued
from billing.splitting import apportion, half_up
from identity.models import User
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput
from platform_core.services import audit

log = logging.getLogger(__name__)
# By then whoever asked has had their answer, or will get none.
PATIENCE = timedelta(minutes=2)
CREDITABLE = (Invoice.Status.OPEN, Invoice.Status.PAID)
Status = CreditNote.Status


def creditable_minor(invoice: Invoice) -> int:
    """How much of an invoice can still be credited: of an open one, what is due. What is asked for is taken already."""
    if invoice.status == Invoice.Status.OPEN:
        return invoice.due_minor - _sum(invoice, Status.REQUESTED)
    return max(0, min(_uncredited(invoice), left_minor(invoice)))


def left_minor(invoice: Invoice) -> int:
    """How much of an invoice was given back in no way yet: neither by a credit note nor to the card.

    A refund counts from when it is asked for, so of a refund and a credit note at once the second sees the first.
    Below nothing where the provider sent back what was credited here already.
    """
    refunds = Refund.objects.standing().filter(payment__invoice=invoice)
    sent = refunds.aggregate(total=Sum("amount_minor"))["total"] or 0
    told = invoice.credit_notes.issued().filter(refund__in=refunds).aggregate(total=Sum("total_minor"))["total"] or 0
    return _uncredited(invoice) - (sent - told) + _taken_back(invoice)


def _uncredited(invoice: Invoice) -> int:
    return invoice.total_minor - _sum(invoice, Status.REQUESTED, Status.ISSUED)


def _taken_back(invoice: Invoice) -> int:
    """What went into the wallet and was taken out again unspent: it may go back to the card instead."""
    keys = [wallet.key_of(pk) for pk in invoice.credit_notes.filter(wallet_minor__gt=0).values_list("pk", flat=True)]
    back = WalletMovement.objects.filter(kind=WalletMovement.Kind.RETURN, grant__idempotency_key__in=keys)
    return int(back.aggregate(total=Sum("amount_minor"))["total"] or 0)


def _sum(invoice: Invoice, *statuses: Status) -> int:
    notes = invoice.credit_notes.filter(status__in=statuses)
    return int(notes.aggregate(total=Sum("total_minor"))["total"] or 0)


def credit(invoice: Invoice, amount_minor: int, *, reason: str, key: str, by: User | None) -> CreditNote:
    """Take so much of an invoice back (tax included). Asking again with the same key gives the same credit note.

    An open invoice of the provider's is lowered there first: time-outs leave the credit note requested, and asking
    again with the same key goes on from there.
    """
    note, is_new = _request(invoice, amount_minor, reason=reason, key=key, by=by)
    if note.status != Status.REQUESTED:
        return note
    return _issue_here(note) if is_new and not _is_lowered_at_provider(note.invoice) else _settle_requested(note)


def settle_requested() -> dict[str, int]:
    """Ask again for credit notes whose answer was lost. Runs by the clock."""
    waiting = CreditNote.objects.filter(status=Status.REQUESTED, created_at__lte=clock.now() - PATIENCE)
    done = failed = 0
    for note in waiting.select_related("invoice").order_by("created_at")[:100]:
        try:
            _settle_requested(note)
            done += 1
        except ProviderError:
            log.exception("Credit note %s could not be asked for.", note.pk)
            failed += 1
    return {"settled": done, "failed": failed}


def _settle_requested(note: CreditNote) -> CreditNote:
    """What was asked of the provider is not given back here as well, whatever became of its invoice since."""
    invoice = note.invoice
    if _is_lowered_at_provider(invoice):
        fact: CreditNoteFact | None = _ask_provider(note)
    elif invoice.provider_invoice_id:
        fact = provider().credit_note_of(invoice.provider_invoice_id, _named(note))
    else:
        fact = None
    if fact is None:
        return _issue_here(note)
    with transaction.atomic():
        follow_provider(fact, invoice, ours=note.pk)
    return _reread(note)


def _reread(note: CreditNote) -> CreditNote:
    return CreditNote.objects.select_related("invoice").get(pk=note.pk)


def _is_lowered_at_provider(invoice: Invoice) -> bool:
    return invoice.status == Invoice.Status.OPEN and bool(invoice.provider_invoice_id)


def _named(note: CreditNote) -> dict[str, str]:
    return {"credit_note": str(note.pk)}


def _ask_provider(note: CreditNote) -> CreditNoteFact:
    spec = CreditNoteSpec(
        invoice_id=note.invoice.provider_invoice_id,
        amount_minor=note.total_minor,
        memo=note.reason,
        metadata=_named(note),
    )
    try:
        return provider().credit_invoice(spec, key=f"credit-note:{note.pk}")
    except ProviderRefused as error:
        _refused(note, error.message)
        raise


@transaction.atomic
def _refused(note: CreditNote, why: str) -> None:
    """What was reserved is free again."""
    asked = CreditNote.objects.filter(pk=note.pk, status=Status.REQUESTED)
    if asked.update(status=Status.FAILED, failure=why[:300]):
        audit.record("credit_note.refuse", note, by=None, changes={"failure": why})


@transaction.atomic
def _request(invoice: Invoice, amount_minor: int, *, reason: str, key: str, by: User | None) -> tuple[CreditNote, bool]:
    """Reserve the amount: of two at once, the second sees what the first took. Tells whether it is a new one."""
    held = Invoice.objects.select_for_update(of=("self",)).select_related("organization").get(pk=invoice.pk)
    known = CreditNote.objects.select_related("invoice").filter(idempotency_key=key).first() if key else None
    if known is not None:
        if (known.invoice_id, known.total_minor) != (held.pk, amount_minor):
            raise KeyReused("This key was used for another credit note.")
        return known, False
    if not reason.strip():
        raise InvalidInput("Say why.", details={"reason": ["This field is required."]})
    if held.status not in CREDITABLE:
        raise Conflict(_not_creditable(held))
    left = creditable_minor(held)
    if not 0 < amount_minor <= left:
        raise InvalidInput("This amount cannot be credited.", details={"amountMinor": [f"Between 1 and {left}."]})
    note = _made(held, amount_minor, reason=reason.strip()[:300], key=key)
    changes = {"invoice": held.number, "total_minor": amount_minor, "reason": note.reason}
    audit.record("credit_note.request", note, by=by, changes=changes)
    return note, True


def _not_creditable(invoice: Invoice) -> str:
    return f"An invoice that is {invoice.get_status_display().lower()} cannot be credited."


def _made(
    invoice: Invoice, amount_minor: int, *, reason: str, key: str = "", refund: Refund | None = None
) -> CreditNote:
    assert invoice.legal_entity_id  # noqa: S101 - a final invoice has one
    return CreditNote.objects.create(
        organization_id=invoice.organization_id,
        invoice=invoice,
        refund=refund,
        status=Status.REQUESTED,
        legal_entity_id=invoice.legal_entity_id,
        currency=invoice.currency,
        total_minor=amount_minor,
        tax_minor=_tax_of(invoice, amount_minor),
        reason=reason,
        idempotency_key=key,
    )


def _tax_of(invoice: Invoice, amount_minor: int) -> int:
    """The share of what is left of the tax; with the last of the total goes the last of the tax."""
    standing = invoice.credit_notes.filter(status__in=(Status.REQUESTED, Status.ISSUED))
    taken = standing.aggregate(total=Sum("total_minor"), tax=Sum("tax_minor"))
    total, tax = invoice.total_minor - (taken["total"] or 0), invoice.tax_minor - (taken["tax"] or 0)
    return half_up(tax * amount_minor, total) if total > 0 else 0


@transaction.atomic
def _issue_here(asked: CreditNote) -> CreditNote:
    """Issue what the provider has nothing to do with. Its invoice is held: what became of it meanwhile is seen."""
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("organization").get(pk=asked.invoice_id)
    note = CreditNote.objects.select_related("legal_entity").get(pk=asked.pk)
    note.invoice = invoice
    if note.status != Status.REQUESTED or _is_lowered_at_provider(invoice):
        return note
    if invoice.status not in CREDITABLE:
        _refused(note, _not_creditable(invoice))
        return _reread(note)
    return _issue(note, invoice)


def _issue(note: CreditNote, invoice: Invoice) -> CreditNote:
    """Number, lines, books; what is credited beyond what is due goes into the wallet. The invoice is held."""
    note.sequence = numbers.take(note.legal_entity, "credit_note")
    note.number = numbers.written(note.legal_entity, "credit_note", note.sequence)
    note.status, note.issued_at, note.failure, note.invoice = Status.ISSUED, clock.now(), "", invoice
    if note.refund_id is None and not note.provider_credit_note_id:
        note.wallet_minor = max(0, note.total_minor - invoice.due_minor)
    note.save()
    CreditNoteLine.objects.bulk_create(_lines(note, invoice))
    bookkeeping.post(bookkeeping.credited(note))
    _settle(invoice, note)
    if note.wallet_minor:
        terms = Terms(note.wallet_minor, f"Credit note {note.number}", kind=WalletGrant.Kind.CREDIT_NOTE, priority=10)
        wallet.grant(invoice.organization_id, invoice.currency, terms, key=wallet.key_of(note.pk), by=None)
    changes = {"number": note.number, "invoice": invoice.number, "total_minor": note.total_minor}
    audit.record("credit_note.issue", note, by=None, changes=changes)
    credit_note_issued.send(CreditNote, credit_note=note)
    return note


def _settle(invoice: Invoice, note: CreditNote) -> None:
    invoice.credited_minor += note.total_minor
    invoice.returned_minor += note.wallet_minor + (note.refund.amount_minor if note.refund else 0)
    is_settled = invoice.status == Invoice.Status.OPEN and invoice.unsettled_minor <= 0
    before = invoice.status
    if is_settled and invoice.origin == Invoice.Origin.OURS:
        invoice.status, invoice.paid_at = Invoice.Status.PAID, clock.now()
    invoice.save(update_fields=["credited_minor", "returned_minor", "status", "paid_at"])
    settling.announce(invoice, before)


def _lines(note: CreditNote, invoice: Invoice) -> list[CreditNoteLine]:
    """What is taken of each line, in proportion to what is left of it."""
    lines = list(invoice.lines.all())
    if not lines:
        whole = CreditNoteLine(credit_note=note, description=note.reason or "Credit", amount_minor=note.total_minor)
        whole.tax_minor = note.tax_minor
        return [whole]
    left = _left_of(invoice, lines, note)
    amounts = apportion(note.total_minor, left)
    taxes = apportion(note.tax_minor, amounts)
    return [
        CreditNoteLine(
            credit_note=note,
            invoice_line=line,
            description=line.description,
            amount_minor=amount,
            tax_minor=tax,
            position=line.position,
        )
        for line, amount, tax in zip(lines, amounts, taxes, strict=True)
        if amount or tax
    ]


def _left_of(invoice: Invoice, lines: Sequence[InvoiceLine], note: CreditNote) -> list[int]:
    rows = CreditNoteLine.objects.filter(credit_note__invoice=invoice, credit_note__status=Status.ISSUED)
    taken = dict(
        rows.exclude(credit_note=note).values_list("invoice_line").annotate(total=Sum("amount_minor")).order_by()
    )
    exclusive = 0 if invoice.is_tax_inclusive else 1
    return [line.amount_minor + exclusive * line.tax_minor - taken.get(line.pk, 0) for line in lines]


# --- with a refund, and at the provider ---


def credit_refund(refund: Refund) -> CreditNote | None:
    """The credit note that goes with money that went back. Of what no invoice was made for, there is none."""
    if refund.payment.invoice_id is None:
        return None
    held = Invoice.objects.select_for_update(of=("self",)).select_related("organization")
    invoice = held.get(pk=refund.payment.invoice_id)
    known = CreditNote.objects.filter(refund=refund).first()
    if known is not None or invoice.sequence is None:
        return known
    # What was credited already is not credited again: sent back all the same, it is money that the customer owes.
    amount_minor = min(refund.amount_minor, _uncredited(invoice))
    if amount_minor <= 0:
        _return(invoice, refund.amount_minor)
        return None
    return _issue(_made(invoice, amount_minor, reason=refund.reason or "Refund", refund=refund), invoice)


def take_back_refund(refund: Refund) -> None:
    """The refund failed: its credit note is void, and keeps its number."""
    note = CreditNote.objects.filter(refund=refund).first()
    if refund.payment.invoice_id is None:
        return
    invoice = Invoice.objects.select_for_update(of=("self",)).get(pk=refund.payment.invoice_id)
    if invoice.sequence is None:
        return
    if note is None:
        _return(invoice, -refund.amount_minor)
    elif note.status == Status.ISSUED:
        _void(note, invoice, refund.amount_minor)


def _return(invoice: Invoice, amount_minor: int) -> None:
    invoice.returned_minor += amount_minor
    invoice.save(update_fields=["returned_minor"])


def _void(note: CreditNote, invoice: Invoice, refunded_minor: int) -> None:
    credit_note_endings.void(note, invoice)
    invoice.returned_minor -= refunded_minor
    invoice.save(update_fields=["credited_minor", "returned_minor"])


def follow_provider(fact: CreditNoteFact, invoice: Invoice, *, ours: UUID | None) -> CreditNote | None:
    """A credit note of the provider's: the one that we asked for, or a new one. One that is void there is void here."""
    held = Invoice.objects.select_for_update(of=("self",)).select_related("organization").get(pk=invoice.pk)
    notes = CreditNote.objects.select_related("legal_entity").filter(invoice=held)
    note = notes.filter(provider_credit_note_id=fact.id).first() or notes.filter(pk__in=[ours] if ours else []).first()
    if note is None and (fact.status == "void" or held.sequence is None or held.status == Invoice.Status.VOID):
        return None
    if note is None:
        note = _made(held, fact.total_minor, reason=(fact.memo or fact.reason or "Credit")[:300])
        note.tax_minor = fact.tax_minor
        note.refund = Refund.objects.filter(provider_refund_id__in=fact.refund_ids).first()
    if note.status == Status.REQUESTED:
        note.provider_credit_note_id = fact.id
        _issue(note, held)
    if fact.status == "void" and note.status == Status.ISSUED:
        _void(note, held, note.refund.amount_minor if note.refund else 0)
    return note
