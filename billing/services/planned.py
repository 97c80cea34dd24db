"""Changes that wait for the next period: in force once the provider says so, forgotten where something else came."""

from uuid import UUID

from billing.models import Subscription, SubscriptionChange
from platform_core import clock
from platform_core.services import audit

Status = SubscriptionChange.Status


def follow(subscription: Subscription) -> None:
    """What was planned has come, or cannot come any more. Runs in the transaction that records the subscription."""
    waiting = SubscriptionChange.objects.filter(subscription=subscription).scheduled()
    for change in waiting.select_for_update(of=("self",)):
        if (change.price_id, change.quantity) == (subscription.price_id, subscription.quantity):
            _settle(change, Status.APPLIED)
            audit.record("subscription.planned_change", subscription, by=None, changes={"plan": subscription.plan.code})
        elif subscription.status in Subscription.ENDED:
            _settle(change, Status.WITHDRAWN)


def withdraw(subscription_id: UUID) -> None:
    """Another change took its place."""
    for change in SubscriptionChange.objects.filter(subscription=subscription_id).scheduled():
        _settle(change, Status.WITHDRAWN)


def _settle(change: SubscriptionChange, status: SubscriptionChange.Status) -> None:
    change.status, change.settled_at = status, clock.now()
    change.save(update_fields=["status", "settled_at"])
