"""Changes that wait for the next period: in force once the provider says so, forgotten where something else came."""

from uuid import UUID

from billing.models import Subscription, SubscriptionChange
from billing.services import newer_terms
from platform_core import clock
from platform_core.services import audit

Status = SubscriptionChange.Status


def follow(subscription: Subscription) -> None:
    """What was planned has come, or cannot come any more. Runs in the transaction that records the subscription."""
    waiting = SubscriptionChange.objects.filter(subscription=subscription).scheduled()
    for change in waiting.select_for_update(of=("self",)).select_related("plan_version"):
        if _has_come(change, subscription):
            _settle(change, Status.APPLIED)
            if change.plan_version is not None:
                newer_terms.adopt(subscription, change.plan_version)
            audit.record("subscription.planned_change", subscription, by=None, changes={"plan": subscription.plan.code})
        elif subscription.status in Subscription.ENDED:
            _settle(change, Status.WITHDRAWN)


def _has_come(change: SubscriptionChange, subscription: Subscription) -> bool:
    """The provider says so by the price; of newer terms alone only the next period tells."""
    if change.kind == SubscriptionChange.Kind.TERMS:
        began = subscription.current_period_start
        return change.effective_at is not None and began >= change.effective_at
    return (change.price_id, change.quantity) == (subscription.price_id, subscription.quantity)


def withdraw(subscription_id: UUID) -> None:
    """Another change took its place."""
    for change in SubscriptionChange.objects.filter(subscription=subscription_id).scheduled():
        _settle(change, Status.WITHDRAWN)


def _settle(change: SubscriptionChange, status: SubscriptionChange.Status) -> None:
    change.status, change.settled_at = status, clock.now()
    change.save(update_fields=["status", "settled_at"])
