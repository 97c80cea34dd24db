"""Changes that wait for the customer's bank: in force once their invoice is paid, and forgotten once nobody may pay it.

Until then the subscription is what it was. The provider's page asks the customer; its events tell what came of it. A
worker looks by itself when the time is over, so that neither a lost event nor a late payment changes anything.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from billing.models import CheckoutSession, Subscription, SubscriptionChange
from billing.providers import provider
from billing.providers.protocol import InvoiceFact, PendingUpdateFact, ProviderRefused, Snapshot
from billing.services import notices, planned
from platform_core import clock, leases
from platform_core.errors import Conflict
from platform_core.services import audit

Status = SubscriptionChange.Status
# For so long the provider may take to tell by itself that the time is over.
GRACE = timedelta(minutes=5)
# So long before the period ends what was planned for then has its place again.
AHEAD = timedelta(hours=1)
# How an invoice ends that nobody pays.
UNPAID = ("void", "uncollectible")
PAID_MEANWHILE = "The change before this one was paid for a moment ago. Look at the subscription again."


def may_wait(change: SubscriptionChange) -> bool:
    """What is charged now. Not where nobody is there to confirm, nor beside what staff decided: it may never come.

    Nor where what is planned could not be put back before it is due.
    """
    if change.prorated_at is None or change.plan_version_id is not None:
        return False
    planned_one = planned.at_provider(change.subscription_id).first()
    until = change.subscription.current_period_end - 2 * AHEAD
    return planned_one is None or (not planned_one.is_binding and change.created_at < until)


def begin(change: SubscriptionChange, update: PendingUpdateFact, snapshot: Snapshot | None) -> None:
    """The provider has billed it and waits for the bank. Runs in the transaction that records its answer."""
    withdraw(change.subscription_id)
    invoice = _invoice(snapshot, update.invoice_id) if snapshot else None
    lapses_at = update.expires_at
    if planned.at_provider(change.subscription_id).exists():
        lapses_at = min(lapses_at, change.subscription.current_period_end - AHEAD)
    leases.settle(
        change,
        status=Status.CONFIRMING,
        provider_invoice_id=update.invoice_id,
        confirm_url=invoice.payment_url if invoice else "",
        lapses_at=lapses_at,
        run_after=lapses_at + GRACE,
        attempt=0,
        failure="",
    )


def follow(subscription: Subscription, snapshot: Snapshot) -> None:
    """What the provider says of those that wait. Runs in the transaction that records the subscription."""
    for change in _waiting(subscription.pk).select_for_update(of=("self",)).select_related("price__plan"):
        change.subscription = subscription
        if _is_forgotten(change, snapshot):
            if planned.is_left_out(change.subscription_id, snapshot):
                # A worker puts it back before this one is over.
                SubscriptionChange.objects.filter(pk=change.pk).update(run_after=clock.now())
            else:
                _lapse(change)
        elif _is_paid(change, snapshot):
            _apply(change, snapshot)


def leaves_out_planned(change: SubscriptionChange, snapshot: Snapshot | None) -> bool:
    """Whether nobody may pay for it any more, and what was planned before it is not planned at the provider."""
    if snapshot is None or not _is_forgotten(change, snapshot):
        return False
    return planned.is_left_out(change.subscription_id, snapshot) and planned.is_alone(change)


def _is_forgotten(change: SubscriptionChange, snapshot: Snapshot) -> bool:
    invoice = _invoice(snapshot, change.provider_invoice_id)
    return not _still_waits(change, snapshot) and (invoice is None or invoice.status in UNPAID)


def _is_paid(change: SubscriptionChange, snapshot: Snapshot) -> bool:
    invoice = _invoice(snapshot, change.provider_invoice_id)
    return not _still_waits(change, snapshot) and invoice is not None and invoice.status == "paid"


def _still_waits(change: SubscriptionChange, snapshot: Snapshot) -> bool:
    update = snapshot.subscription.pending_update if snapshot.subscription else None
    return update is not None and update.invoice_id == change.provider_invoice_id


def _invoice(snapshot: Snapshot, invoice_id: str) -> InvoiceFact | None:
    return next((fact for fact in snapshot.invoices if fact.id == invoice_id), None)


def _waiting(subscription_id: UUID) -> QuerySet[SubscriptionChange]:
    return SubscriptionChange.objects.filter(subscription=subscription_id).confirming()


def _apply(change: SubscriptionChange, snapshot: Snapshot) -> None:
    """The bank has confirmed, and it is paid: it takes the place of what was planned, unless it is made beside that."""
    if change.keeps_planned:
        planned.keep(change, snapshot)
    else:
        planned.withdraw(change.subscription_id)
    change.effective_at = clock.now()
    _settle(change, Status.APPLIED, "subscription.change_confirmed")
    pages = CheckoutSession.objects.filter(
        subscription=change.subscription_id, price=change.price_id, status=CheckoutSession.Status.OPEN
    )
    pages.update(status=CheckoutSession.Status.COMPLETED, completed_at=clock.now())
    notices.changed(change)


def _lapse(change: SubscriptionChange) -> None:
    """Nobody confirmed it in time, or somebody took it back at the provider."""
    is_over = change.lapses_at is not None and change.lapses_at <= clock.now()
    _settle(change, Status.LAPSED if is_over else Status.WITHDRAWN, "subscription.change_lapsed")
    if is_over:
        notices.lapsed(change)


def _settle(change: SubscriptionChange, status: SubscriptionChange.Status, action: str) -> None:
    change.status, change.settled_at = status, clock.now()
    change.save(update_fields=["status", "settled_at", "effective_at"])
    plan = change.price.plan.code if change.price else None
    audit.record(action, change.subscription, by=None, changes={"plan": plan, "quantity": change.quantity})


def withdraw(subscription_id: UUID) -> None:
    """Another change took its place."""
    _waiting(subscription_id).update(status=Status.WITHDRAWN, settled_at=clock.now())


def take_back(change: SubscriptionChange) -> None:
    """Before another change is asked for: nobody can pay for the one that waits. One that was paid for stands."""
    for waiting in _waiting(change.subscription_id):
        key = f"{change.idempotency_key}:void"
        if provider().void_invoice(waiting.provider_invoice_id, key=key).status == "paid":
            raise Conflict(PAID_MEANWHILE)


def close(change: SubscriptionChange) -> bool:
    """Once the time is over nobody can pay any more, whatever the provider's clock says; tells whether that is so."""
    if change.lapses_at is None or change.lapses_at > clock.now():
        return False
    try:
        return (
            provider().void_invoice(change.provider_invoice_id, key=f"{change.idempotency_key}:lapse").status in UNPAID
        )
    except ProviderRefused:
        # It knows no such invoice, or does not let go of it: what is read of the subscription tells.
        return True


@transaction.atomic
def forget(change: SubscriptionChange) -> None:
    """Neither its subscription nor anything to pay is there any more."""
    for waiting in _waiting(change.subscription_id).filter(pk=change.pk).select_for_update(of=("self",)):
        _lapse(waiting)


def look_again(change: SubscriptionChange, *, is_late: bool) -> None:
    """It goes on waiting: until its time is over, or for a moment where what was read is older than what is known."""
    by = change.lapses_at
    later = clock.now() if is_late or by is None else max(by, clock.now()) + GRACE
    leases.settle(change, run_after=later, attempt=0, failure="")
