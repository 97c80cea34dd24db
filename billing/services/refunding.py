"""Sending money back: reserved here first, asked for at the provider outside any transaction, then recorded.

A time-out leaves the refund requested. Asking again, by its key or by the clock, asks the provider for the same
refund by the same key, which acts once, however often and whenever it was asked.
"""

import logging
from datetime import timedelta
from typing import Any, cast

from django.db import transaction
from django.db.models import Sum

from billing.models import Invoice, Payment, Refund
from billing.providers import provider
from billing.providers.protocol import ProviderError, ProviderRefused, RefundFact, RefundSpec
from billing.services import crediting, payments
from billing.services.wallet import KeyReused
from identity.models import User
from platform_core import clock, transactions
from platform_core.errors import Conflict, InvalidInput
from platform_core.services import audit

log = logging.getLogger(__name__)
# By then whoever asked has had their answer, or will get none.
PATIENCE = timedelta(minutes=2)


def refundable_minor(payment: Payment) -> int:
    """How much of a payment can still go back: never more than came, less what went or is about to go."""
    if payment.status != Payment.Status.SUCCEEDED:
        return 0
    gone = payment.refunds.standing().aggregate(total=Sum("amount_minor"))["total"] or 0
    left = int(payment.amount_minor - gone)
    return left if payment.invoice is None else max(0, min(left, _left_of(payment.invoice)))


def _left_of(invoice: Invoice) -> int:
    """What was given back as credits does not go back to the card as well; what was paid twice may."""
    came = invoice.payments.succeeded().aggregate(total=Sum("amount_minor"))["total"] or 0
    overpaid = max(0, came + invoice.wallet_minor - invoice.total_minor)
    return crediting.left_minor(invoice) + overpaid


def refundable_payment(invoice: Invoice) -> Payment | None:
    """The payment for an invoice of which the most can still go back."""
    paid = [each for each in invoice.payments.succeeded() if refundable_minor(each)]
    return max(paid, key=refundable_minor, default=None)


def refund(payment: Payment, amount_minor: int | None = None, *, reason: str, key: str, by: User | None) -> Refund:
    """Send so much of a payment back, or all that is left. The same key asks for the same refund."""
    transactions.outside()
    row = _request(payment, amount_minor, reason=reason, key=key, by=by)
    return _ask(row) if row.status == Refund.Status.REQUESTED else row


@transaction.atomic
def _request(payment: Payment, amount_minor: int | None, *, reason: str, key: str, by: User | None) -> Refund:
    """Reserve the amount: of two at once, the second sees what the first took."""
    if payment.invoice_id is not None:
        # Held first, as by whoever reads it: a credit note at this moment waits, and sees the refund.
        Invoice.objects.select_for_update(of=("self",)).get(pk=payment.invoice_id)
    held = Payment.objects.select_for_update(of=("self",)).select_related("invoice").get(pk=payment.pk)
    known = Refund.objects.filter(idempotency_key=key).first() if key else None
    if known is not None:
        if known.payment_id != held.pk or amount_minor not in (None, known.amount_minor):
            raise KeyReused("This key was used for another refund.")
        return known
    if not reason.strip():
        raise InvalidInput("Say why.", details={"reason": ["This field is required."]})
    left = refundable_minor(held)
    wanted = left if amount_minor is None else amount_minor
    if not left:
        raise Conflict(f"Nothing of this payment is left to send back.{_elsewhere(held)}")
    if not 0 < wanted <= left:
        raise InvalidInput("This amount cannot be sent back.", details={"amountMinor": [f"Between 1 and {left}."]})
    row = Refund.objects.create(
        organization_id=held.organization_id,
        payment=held,
        status=Refund.Status.REQUESTED,
        currency=held.currency,
        amount_minor=wanted,
        reason=reason.strip()[:300],
        idempotency_key=key,
        requested_by=by,
        observed_at=clock.wall(),
    )
    audit.record("refund.request", row, by=by, changes={"amount_minor": wanted, "reason": row.reason})
    return row


def _elsewhere(payment: Payment) -> str:
    """Where the rest of it is, if it did not go back to the card."""
    invoice = payment.invoice
    if invoice is None or not invoice.credit_notes.issued().filter(wallet_minor__gt=0).exists():
        return ""
    return " It was credited to the customer's wallet: take back there what is not spent, then send that back."


def _ask(row: Refund) -> Refund:
    """Ask the provider, and store its answer. Whether a time-out acted, the next asking tells."""
    observed_at = clock.wall()
    spec = RefundSpec(
        payment_id=row.payment.provider_payment_id,
        amount_minor=row.amount_minor,
        metadata={"refund": str(row.pk)},
    )
    try:
        fact = provider().refund(spec, key=f"refund:{row.pk}")
    except ProviderRefused as error:
        _refused(row, error.message)
        raise
    return _record(row, fact, observed_at)


@transaction.atomic
def _refused(row: Refund, why: str) -> None:
    """What was reserved is free again."""
    asked = Refund.objects.filter(pk=row.pk, status=Refund.Status.REQUESTED)
    if asked.update(status=Refund.Status.FAILED, failure=why[:300]):
        audit.record("refund.refuse", row, by=None, changes={"failure": why})


@transaction.atomic
def _record(row: Refund, fact: RefundFact, observed_at: Any) -> Refund:
    if row.payment.invoice_id is not None:
        # Held first, as by the reading of the provider's event, which comes at once.
        Invoice.objects.select_for_update(of=("self",)).only("pk").get(pk=row.payment.invoice_id)
    return cast("Refund", payments.record_refund(fact, observed_at=observed_at))


def settle_requested() -> dict[str, int]:
    """Ask again for refunds whose answer was lost. Runs by the clock."""
    waiting = Refund.objects.filter(status=Refund.Status.REQUESTED, created_at__lte=clock.now() - PATIENCE)
    done = failed = 0
    for row in waiting.select_related("payment").order_by("created_at")[:100]:
        try:
            _ask(row)
            done += 1
        except ProviderError:
            log.exception("Refund %s could not be asked for.", row.pk)
            failed += 1
    return {"settled": done, "failed": failed}
