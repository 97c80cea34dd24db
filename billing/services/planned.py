"""Changes that wait for the next period: in force once the provider says so, forgotten where something else came."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from billing.models import Subscription, SubscriptionChange
from billing.providers.protocol import Snapshot
from billing.services import newer_terms
from platform_core import clock, nudges
from platform_core.errors import Conflict, DomainError
from platform_core.services import audit

Kind = SubscriptionChange.Kind
Status = SubscriptionChange.Status


def follow(subscription: Subscription, snapshot: Snapshot | None = None) -> None:
    """What was planned has come, or cannot come any more. Runs in the transaction that records the subscription.

    What the provider let go of meanwhile (an end was planned in its own pages, and taken back) is planned there again.
    """
    waiting = SubscriptionChange.objects.filter(subscription=subscription).scheduled()
    for change in waiting.select_for_update(of=("self",)).select_related("plan_version"):
        if _has_come(change, subscription):
            _settle(change, Status.APPLIED)
            if change.plan_version is not None:
                newer_terms.adopt(subscription, change.plan_version)
            audit.record("subscription.planned_change", subscription, by=None, changes={"plan": subscription.plan.code})
        elif subscription.status in Subscription.ENDED:
            _settle(change, Status.WITHDRAWN)
        elif snapshot is not None and change.price_id is not None:
            look_after(subscription.pk, snapshot)


def _has_come(change: SubscriptionChange, subscription: Subscription) -> bool:
    """The provider says so by the price and what is beside it; of newer terms alone only the next period tells."""
    if change.kind == SubscriptionChange.Kind.TERMS:
        began = subscription.current_period_start
        return change.effective_at is not None and began >= change.effective_at
    if (change.price_id, change.quantity) != (subscription.price_id, subscription.quantity):
        return False
    wanted = change.add_ons.values_list("price", "quantity")
    has = dict(subscription.add_ons.values_list("price", "quantity")) if wanted else {}
    return all(has.get(price, 0) == quantity for price, quantity in wanted)


def stays(subscription: Subscription, wish: Mapping[str, Any], *, is_staff: bool) -> bool:
    """Whether what staff decided goes on waiting beside this change; a customer who would undo it is refused."""
    waiting = SubscriptionChange.objects.filter(subscription=subscription).binding()
    move = waiting.select_related("price__plan").first()
    if move is None:
        return False
    stays = _is_beside(wish, subscription)
    price = wish.get("price") if wish["kind"] != Kind.ADD_ONS else None
    leaves = wish["kind"] == Kind.END or (price is not None and price.plan_id != subscription.plan_id)
    if not (stays or leaves or is_staff):
        raise Conflict(_told(move, subscription))
    return stays


def _is_beside(wish: Mapping[str, Any], subscription: Subscription) -> bool:
    """Whether the change is about something else than what the next period brings."""
    match wish["kind"]:
        case Kind.UPGRADE | Kind.DOWNGRADE:
            is_now = wish["timing"] == SubscriptionChange.Timing.NOW
            return is_now and bool(wish["price"].pk == subscription.price_id)
        case Kind.ADD_ONS:
            return bool(wish["timing"] == SubscriptionChange.Timing.NOW)
        case Kind.RESUME:
            return subscription.cancel_at_period_end or subscription.status == Subscription.Status.PAUSED
        case kind:
            return bool(kind != Kind.END)


def _told(move: SubscriptionChange, subscription: Subscription) -> str:
    what = f"moves to {move.price.plan}" if move.price else "has its plan's newer terms"
    when = f"{move.effective_at:%-d %B %Y}"
    return (
        f"From {when} on this subscription {what}, as everybody on {subscription.plan} does: that cannot be taken back."
        " More of it, another plan or its end can still be chosen."
    )


def at_provider(subscription_id: UUID) -> QuerySet[SubscriptionChange]:
    """What waits there for the next period; of newer terms alone no provider knows."""
    return SubscriptionChange.objects.filter(subscription=subscription_id, price__isnull=False).scheduled()


def is_left_out(subscription_id: UUID, snapshot: Snapshot) -> bool:
    """Whether something is planned, and the provider does not know of it; of what ends nothing is planned there."""
    if snapshot.subscription is not None and snapshot.subscription.cancel_at_period_end:
        return False
    is_there = snapshot.schedule is not None and snapshot.schedule.takes_effect_at is not None
    return not is_there and at_provider(subscription_id).exists()


def look_after(subscription_id: UUID, snapshot: Snapshot | None) -> None:
    """A worker plans again what was left out; not while another change is under way, which sees to it by itself."""
    if snapshot and is_left_out(subscription_id, snapshot) and not _under_way(subscription_id).exists():
        at_provider(subscription_id).update(run_after=clock.now())
        nudges.nudge()


@transaction.atomic
def is_alone(change: SubscriptionChange) -> bool:
    """Whether no other change that is under way sees to what is planned. None begins while this one is held."""
    Subscription.objects.select_for_update(of=("self",)).get(pk=change.subscription_id)
    return not _under_way(change.subscription_id).exclude(pk=change.pk).exists()


def _under_way(subscription_id: UUID) -> QuerySet[SubscriptionChange]:
    statuses = (Status.PENDING, Status.CONFIRMING)
    return SubscriptionChange.objects.filter(subscription=subscription_id, status__in=statuses)


@transaction.atomic
def put_back(change: SubscriptionChange, effective_at: datetime | None) -> None:
    """The provider has it again, which comes into force then."""
    SubscriptionChange.objects.filter(pk=change.pk).scheduled().update(effective_at=effective_at)


@transaction.atomic
def refuse(change: SubscriptionChange, error: DomainError) -> None:
    """The provider does not take it any more: it never comes, and nobody is told that it does."""
    change.failure = error.message[:500]
    change.save(update_fields=["failure"])
    _settle(change, Status.REFUSED)
    audit.record("subscription.change_refused", change.subscription, by=None, changes={"reason": error.message})


def keep(change: SubscriptionChange, snapshot: Snapshot | None) -> None:
    """It goes on waiting: for as many as there are now, and until the provider says that it comes.

    What was wished of add-ons since holds.
    """
    schedule = snapshot.schedule if snapshot else None
    for move in SubscriptionChange.objects.filter(subscription=change.subscription_id).binding():
        move.quantity = change.quantity
        move.effective_at = (schedule.takes_effect_at if schedule else None) or move.effective_at
        move.save(update_fields=["quantity", "effective_at"])
        move.add_ons.filter(price__in=change.add_ons.values("price")).delete()


def withdraw(subscription_id: UUID) -> None:
    """Another change took its place."""
    for change in SubscriptionChange.objects.filter(subscription=subscription_id).scheduled():
        _settle(change, Status.WITHDRAWN)


def _settle(change: SubscriptionChange, status: SubscriptionChange.Status) -> None:
    change.status, change.settled_at = status, clock.now()
    change.save(update_fields=["status", "settled_at"])
