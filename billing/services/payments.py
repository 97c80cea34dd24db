"""Payments, refunds, disputes and credit notes as the provider tells them, in our own rows and in the books.

A fact read earlier than what is stored changes nothing. Each runs in the caller's transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from billing.models import CreditNote, Dispute, Invoice, LedgerTransaction, Payment, Refund
from billing.providers import provider
from billing.providers.protocol import CreditNoteFact, DisputeFact, PaymentFact, RefundFact, Snapshot
from billing.services import bookkeeping, crediting, purchases
from billing.signals import (
    dispute_closed,
    dispute_opened,
    payment_failed,
    payment_refunded,
    payment_succeeded,
    refund_failed,
)
from orgs.models import Organization
from platform_core import clock
from platform_core.services import audit

# Everything that is neither done nor undone is on its way.
PAYMENT_STATUS = {each: Payment.Status(each) for each in ("succeeded", "failed", "canceled")}
REFUND_STATUS = {each: Refund.Status(each) for each in ("succeeded", "failed", "canceled")}
# Of what has no charge yet, what is more than an open page.
TRIED = ("requires_action", "processing", "succeeded")
# An inquiry: the bank asks, and takes nothing.
INQUIRY = "warning_"


def record(snapshot: Snapshot, *, organization: Organization) -> None:
    """Everything about money that a reading found. Credit notes come first: they say which refunds are theirs."""
    for payment in snapshot.payments:
        record_payment(payment, organization=organization, observed_at=snapshot.observed_at)
    for note in snapshot.credit_notes:
        record_credit_note(note, refunds=snapshot.refunds, observed_at=snapshot.observed_at)
    theirs = {refund_id for note in snapshot.credit_notes for refund_id in note.refund_ids}
    for refund in snapshot.refunds:
        record_refund(refund, observed_at=snapshot.observed_at, is_credited=refund.id in theirs)
    for dispute in snapshot.disputes:
        record_dispute(dispute, observed_at=snapshot.observed_at)


def tried(facts: Sequence[PaymentFact]) -> list[PaymentFact]:
    """Those that somebody tried to make: a page that nobody paid on leaves one that is not worth a row."""
    known = set(_known(facts).values_list("provider_payment_id", flat=True))
    return [fact for fact in facts if fact.charge_id or fact.status in TRIED or fact.id in known]


def owner_of(facts: Sequence[PaymentFact]) -> Organization | None:
    """Whose payments these are, by the rows that we have of them."""
    found = _known(facts).select_related("organization").first()
    return found.organization if found else None


def _known(facts: Sequence[PaymentFact]) -> QuerySet[Payment]:
    return Payment.objects.filter(provider=provider().name, provider_payment_id__in=[fact.id for fact in facts])


def status_of(fact: PaymentFact) -> Payment.Status:
    """In our words."""
    return PAYMENT_STATUS.get(fact.status, Payment.Status.PENDING)


def record_payment(fact: PaymentFact, *, organization: Organization, observed_at: datetime) -> Payment:
    """A try to collect money, and what came of it."""
    invoice = _invoice(fact.invoice_id)
    values: dict[str, Any] = {
        "invoice": invoice,
        "consumer_tenant": invoice.consumer_tenant if invoice else purchases.tenant_of(fact.metadata),
        "status": status_of(fact),
        "currency": fact.currency,
        "amount_minor": fact.received_minor or fact.amount_minor,
        "fee_minor": fact.fee_minor,
        "method": f"{fact.method.brand} {fact.method.last4}".strip()[:60] if fact.method else "",
        "failure": fact.failure[:300],
        "paid_at": fact.paid_at,
        "provider_charge_id": fact.charge_id,
        "observed_at": observed_at,
    }
    payment: Payment
    payment, before = _stored(
        Payment, {"provider_payment_id": fact.id}, {**values, "organization": organization}, observed_at
    )
    if payment.observed_at != observed_at:
        return payment
    if payment.status == Payment.Status.SUCCEEDED:
        bookkeeping.post(*bookkeeping.paid(payment))
    if payment.status != _status(before):
        audit.record("payment.status", payment, by=None, changes={"status": [_status(before), payment.status]})
    # One that was refused is tried again under the same name, by another charge.
    if (payment.status, payment.provider_charge_id) != (_status(before), before.get("provider_charge_id")):
        _announce_payment(payment, _status(before))
    return payment


def _announce_payment(payment: Payment, before: str) -> None:
    if payment.status == Payment.Status.FAILED:
        payment_failed.send(Payment, payment=payment)
    elif payment.status == Payment.Status.SUCCEEDED != before:
        payment_succeeded.send(Payment, payment=payment)


def _status(before: Mapping[str, Any]) -> str:
    return str(before.get("status", ""))


def _stored(
    model: type[Any], named: dict[str, Any], values: dict[str, Any], observed_at: datetime
) -> tuple[Any, Mapping[str, Any]]:
    """The row by its name at the provider, held and brought to these values; and what it was, nothing if it is new."""
    row, is_new = model.objects.select_for_update(of=("self",)).get_or_create(
        provider=provider().name, **named, defaults=values
    )
    if is_new:
        return row, {}
    before = {name: getattr(row, name) for name in values}
    if row.observed_at > observed_at:
        return row, before
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    return row, before


def _invoice(provider_invoice_id: str) -> Invoice | None:
    found = Invoice.objects.filter(provider=provider().name, provider_invoice_id=provider_invoice_id)
    return found.select_related("consumer_tenant").first() if provider_invoice_id else None


def _payment(provider_payment_id: str) -> Payment | None:
    found = Payment.objects.filter(provider=provider().name, provider_payment_id=provider_payment_id)
    return found.select_related("organization").first()


def record_refund(fact: RefundFact, *, observed_at: datetime, is_credited: bool = False) -> Refund | None:
    """Money on its way back. A credit note goes with it, unless the provider made one of its own (`is_credited`)."""
    payment = _payment(fact.payment_id)
    if payment is None:
        return None
    refund = _held_refund(fact, payment, observed_at)
    before = refund.status
    if refund.observed_at > observed_at and before != Refund.Status.REQUESTED:
        return refund
    refund.status = REFUND_STATUS.get(fact.status, Refund.Status.PENDING)
    refund.provider_refund_id, refund.observed_at = fact.id, observed_at
    refund.amount_minor, refund.failure = fact.amount_minor, fact.failure[:300]
    refund.save()
    _follow(refund, is_credited=is_credited)
    if refund.status != before:
        audit.record("refund.status", refund, by=None, changes={"status": [before, refund.status]})
        _announce_refund(refund)
    return refund


def _announce_refund(refund: Refund) -> None:
    if refund.status == Refund.Status.SUCCEEDED:
        payment_refunded.send(Refund, refund=refund)
    elif refund.status not in (*Refund.MOVED, Refund.Status.REQUESTED):
        refund_failed.send(Refund, refund=refund)


def _held_refund(fact: RefundFact, payment: Payment, observed_at: datetime) -> Refund:
    """Ours that the provider answers to, which names itself there; else one that was made at the provider."""
    held = Refund.objects.select_for_update(of=("self",)).filter(payment=payment)
    named = _uuid(fact.metadata.get("refund"))
    ours = held.filter(pk__in=[named] if named else []).first()
    return (
        held.filter(provider_refund_id=fact.id).first()
        or ours
        or Refund.objects.create(
            organization=payment.organization,
            payment=payment,
            status=Refund.Status.REQUESTED,
            currency=fact.currency,
            amount_minor=fact.amount_minor,
            reason=fact.reason[:300],
            provider_refund_id=fact.id,
            observed_at=observed_at,
        )
    )


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _follow(refund: Refund, *, is_credited: bool) -> None:
    """The books and the credit note follow the refund; one that failed is as if it had never been."""
    if refund.status in Refund.MOVED:
        if bookkeeping.post(bookkeeping.refunded(refund)) and not is_credited:
            crediting.credit_refund(refund)
    elif _was_posted(refund):
        bookkeeping.post(bookkeeping.refund_failed(refund))
        crediting.take_back_refund(refund)


def _was_posted(refund: Refund) -> bool:
    """Of what no invoice was made for there is no credit note: the books alone know."""
    return LedgerTransaction.objects.filter(idempotency_key=bookkeeping.refunded(refund).key).exists()


def record_dispute(fact: DisputeFact, *, observed_at: datetime) -> Dispute | None:
    """A payment that the customer's bank takes back; of an inquiry, which takes nothing, there is no row."""
    payment = _payment(fact.payment_id)
    if payment is None or fact.status.startswith(INQUIRY):
        return None
    ended = Dispute.Status.LOST if fact.status == "lost" else Dispute.Status.WON
    status = Dispute.Status.OPEN if fact.is_open else ended
    known = Dispute.objects.filter(provider=provider().name, provider_dispute_id=fact.id).first()
    # What is posted once never changes: what is given back with a won dispute is not the fee of its opening.
    fee_minor = known.fee_minor if known and known.fee_minor else fact.fee_minor
    returned_minor = known.fee_returned_minor if known else 0
    if not returned_minor and status != Dispute.Status.OPEN:
        returned_minor = max(0, fee_minor - fact.fee_minor)
    values = {
        "status": status,
        "currency": fact.currency,
        "amount_minor": fact.amount_minor,
        "fee_minor": fee_minor,
        "fee_returned_minor": returned_minor,
        "reason": fact.reason[:120],
        "evidence_due_at": fact.answer_by,
        "closed_at": None if status == Dispute.Status.OPEN else (known and known.closed_at) or clock.now(),
        "observed_at": observed_at,
        "payment": payment,
        "organization": payment.organization,
    }
    dispute: Dispute
    dispute, before = _stored(Dispute, {"provider_dispute_id": fact.id}, values, observed_at)
    if dispute.observed_at != observed_at:
        return dispute
    bookkeeping.post(*bookkeeping.disputed(dispute))
    if dispute.status != _status(before):
        audit.record("dispute.status", dispute, by=None, changes={"status": [_status(before), dispute.status]})
        signal = dispute_opened if dispute.status == Dispute.Status.OPEN else dispute_closed
        signal.send(Dispute, dispute=dispute)
    return dispute


def record_credit_note(
    fact: CreditNoteFact, *, refunds: Iterable[RefundFact], observed_at: datetime
) -> CreditNote | None:
    """A credit note of the provider's gets a number of ours; one that was ours to ask for is the same one."""
    invoice = _invoice(fact.invoice_id)
    if invoice is None or not fact.total_minor:
        return None
    for refund in refunds:
        if refund.id in fact.refund_ids:
            record_refund(refund, observed_at=observed_at, is_credited=True)
    return crediting.follow_provider(fact, invoice, ours=_uuid(fact.metadata.get("credit_note")))
