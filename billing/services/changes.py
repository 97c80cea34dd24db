"""Changing a subscription: a row first, then the provider, then what it answered. A worker heals a crash between.

The row is held by whoever made it. If they are gone, or got no answer, a worker takes it over and asks the provider
again under the row's own key: what was done is not done again. The row ends applied, scheduled or refused.
"""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from django.db import transaction

from billing.models import PaymentMethod, PlanVersion, Price, Subscription, SubscriptionChange
from billing.providers import provider
from billing.providers.protocol import CardDeclined, ChangeSpec, ProviderError, ProviderRefused, Snapshot
from billing.services import newer_terms, notices, planned, subscriptions
from billing.services.proposals import OPEN_TO_CHANGES, RUNNING, Asked, Proposal
from platform_core import clock, context, leases, nudges, scoping
from platform_core.errors import Conflict, DomainError
from platform_core.services import audit

if TYPE_CHECKING:
    from billing.providers.protocol import SubscriptionFact

Kind = SubscriptionChange.Kind
Status = SubscriptionChange.Status
log = logging.getLogger(__name__)

# The event whose reading is the whole subscription.
READ_AS = "customer.subscription.updated"
# A provider keeps a key for a day; after that nobody repeats a request that nobody answered.
LONGEST = timedelta(hours=20)
LEASE_SECONDS = 120
FIRST_WAIT = timedelta(seconds=10)
UNANSWERED = "What you asked for is kept and is tried again by itself: look at the subscription in a minute."


class Refused(DomainError):
    """The provider said no and did nothing, in its own words and with its own code."""

    def __init__(self, error: DomainError) -> None:
        super().__init__(error.message, code=error.code)
        self.status = error.status


def is_under_way(subscription: Subscription, *, besides: str = "") -> bool:
    """Whether another change of it is not answered yet."""
    pending = SubscriptionChange.objects.filter(subscription=subscription).pending()
    return pending.exclude(request_digest=besides).exists()


def asked_before(digest: str) -> SubscriptionChange | None:
    """What came, or comes, of the same request; one that got no answer is carried on with."""
    row = SubscriptionChange.objects.filter(request_digest=digest).first() if digest else None
    if row is None:
        return None
    if row.status == Status.PENDING:
        return _carry_out((_freed(row), False))
    if row.status == Status.REFUSED:
        raise Conflict(row.failure)
    return row


def change_plan(proposal: Proposal, asked: Asked, *, version: PlanVersion | None = None) -> SubscriptionChange:
    """Carry out what was proposed; with it come these terms of the plan, or else those that are sold now."""
    wish = {
        "plan_version": version,
        "kind": proposal.kind,
        "timing": proposal.timing,
        "price": proposal.price,
        "quantity": proposal.quantity,
        "prorated_at": proposal.prorated_at,
        "due_minor": proposal.due_minor,
    }
    return _carry_out(_enter(proposal.subscription, wish, asked, OPEN_TO_CHANGES))


def cancel(subscription: Subscription, asked: Asked, *, now: bool) -> SubscriptionChange:
    """End it with its period, or at once. Nothing is paid back by this alone."""
    if not now and subscription.cancel_at_period_end:
        raise Conflict("The subscription ends with its period already.")
    return _carry_out(_enter(subscription, {"kind": Kind.END if now else Kind.CANCEL}, asked, RUNNING))


def resume(subscription: Subscription, asked: Asked) -> SubscriptionChange:
    """Take back the planned end or the planned downgrade, or go on with what was paused; that is charged at once."""
    if subscription.status == Subscription.Status.PAUSED:
        return _carry_out(_enter(subscription, _wake(subscription), asked, [Subscription.Status.PAUSED]))
    waiting = SubscriptionChange.objects.filter(subscription=subscription).scheduled().exists()
    if not (subscription.cancel_at_period_end or waiting):
        raise Conflict("The subscription goes on as it is: there is nothing to take back.")
    return _carry_out(_enter(subscription, {"kind": Kind.RESUME}, asked, RUNNING))


def _wake(subscription: Subscription) -> dict[str, Any]:
    if not PaymentMethod.objects.present().filter(organization=subscription.organization_id).exists():
        raise Conflict("The trial ended without a way to pay. Add a payment method first; then it goes on.")
    return {"kind": Kind.RESUME}


def set_auto_renew(subscription: Subscription, asked: Asked, *, renews: bool) -> SubscriptionChange | None:
    """On or off; nothing to do where it is as wanted."""
    if renews is not subscription.cancel_at_period_end:
        return None
    return resume(subscription, asked) if renews else cancel(subscription, asked, now=False)


def extend_trial(subscription: Subscription, asked: Asked, *, ends_at: datetime) -> SubscriptionChange:
    """Let a trial end at another time."""
    if ends_at <= clock.now():
        raise Conflict("A trial ends in the future.")
    wish = {"kind": Kind.TRIAL, "trial_ends_at": ends_at.replace(microsecond=0)}
    return _carry_out(_enter(subscription, wish, asked, [Subscription.Status.TRIALING]))


# --- The row --------------------------------------------------------------------------------------------------------
@transaction.atomic
def _enter(
    subscription: Subscription, wish: dict[str, Any], asked: Asked, allowed: Collection[str]
) -> tuple[SubscriptionChange, bool]:
    """The row of the change, and whether it is new: that one is the caller's. One that got no answer is taken up."""
    held = Subscription.objects.select_for_update(of=("self",)).get(pk=subscription.pk)
    under_way = SubscriptionChange.objects.filter(subscription=held).pending().first()
    if under_way is not None:
        return _taken_up(under_way, wish), False
    _refuse_moved(held, subscription, allowed)
    row = SubscriptionChange.objects.create(
        organization_id=held.organization_id,
        subscription=held,
        requested_by=asked.by,
        reason=asked.reason[:500],
        request_digest=asked.digest,
        **{"quantity": held.quantity, **wish, **_held_by_caller()},
    )
    changes = {"kind": row.kind, "plan": row.price.plan.code if row.price else None, "quantity": row.quantity}
    audit.record(f"subscription.{row.kind}", held, by=asked.by, changes={**changes, "due_minor": row.due_minor})
    return row, True


def _held_by_caller() -> dict[str, object]:
    """As if claimed: no worker looks at the row before the caller is done with it, or gone."""
    now = clock.wall()
    lease = {"lease_token": 1, "lease_until": now + timedelta(seconds=LEASE_SECONDS), "worker": "request", "attempt": 1}
    return {**lease, "run_after": clock.now() + FIRST_WAIT}


def _refuse_moved(held: Subscription, seen: Subscription, allowed: Collection[str]) -> None:
    """What was looked at when the change was decided upon is what is there."""
    told = ("price_id", "quantity", "status", "cancel_at_period_end", "current_period_start")
    if held.status not in allowed or any(getattr(held, name) != getattr(seen, name) for name in told):
        raise Conflict("The subscription was changed a moment ago. Look at it again.")


def _taken_up(row: SubscriptionChange, wish: dict[str, Any]) -> SubscriptionChange:
    same = all(getattr(row, name) == wish[name] for name in ("kind", "timing", "price", "quantity") if name in wish)
    if not same or row.lease_until > clock.wall():
        raise Conflict("A change of this subscription is under way. It is done in a moment.")
    return _freed(row)


def _freed(row: SubscriptionChange) -> SubscriptionChange:
    """Whoever asks need not wait as the workers do."""
    SubscriptionChange.objects.filter(pk=row.pk).update(run_after=clock.now())
    return row


# --- Carrying it out --------------------------------------------------------------------------------------------------
def _carry_out(entered: tuple[SubscriptionChange, bool]) -> SubscriptionChange:
    """At once, in the request that asked. What fails without an answer is left to the workers."""
    row, is_ours = entered
    claimed = row if is_ours else leases.claim(SubscriptionChange, worker="request", seconds=LEASE_SECONDS, pk=row.pk)
    if claimed is None:
        raise Conflict("A change of this subscription is under way. It is done in a moment.")
    _act(claimed)
    return claimed


def settle_one(worker: str) -> bool:
    """Take over a change that nobody holds and find out what became of it; False if there is none."""
    row = leases.claim(SubscriptionChange, worker=worker, seconds=LEASE_SECONDS)
    if row is None:
        return False
    with scoping.system(), context.working(f"change:{row.pk}", "subscription change"):
        try:
            _act(row)
        except DomainError as error:
            log.warning("Change %s of subscription %s: %s", row.pk, row.subscription_id, error.message)
    return True


def _act(row: SubscriptionChange) -> None:
    known = row.subscription.provider_subscription_id
    try:
        if clock.now() - row.created_at > LONGEST:
            return _look(row, provider().snapshot(READ_AS, known))
        effective_at = _asked(row)
        snapshot = provider().snapshot(READ_AS, known)
    except ProviderError as error:
        _leave(row, error)
        raise ProviderError(f"{error.message} {UNANSWERED}") from error
    return _record(row, snapshot, effective_at)


def _asked(row: SubscriptionChange) -> datetime | None:
    """The provider does it, or says no: then it did nothing, and the row is closed."""
    try:
        return _ask(row)
    except (CardDeclined, ProviderRefused) as error:
        _refuse(row, error)
        raise Refused(error) from error


def _look(row: SubscriptionChange, snapshot: Snapshot | None) -> None:
    """The key is forgotten, so nobody asks again: what is there tells whether it was done."""
    if snapshot is not None and _is_done(row, snapshot):
        _record(row, snapshot, snapshot.schedule.takes_effect_at if snapshot.schedule else None)
    else:
        _refuse(row, ProviderError("The payment provider did not answer for a day. Nothing was changed."))


def _is_done(row: SubscriptionChange, snapshot: Snapshot) -> bool:
    fact = subscriptions.plan_first(cast("SubscriptionFact", snapshot.subscription))
    price_id = row.price.provider_price_id if row.price else ""
    match row.kind:
        case Kind.UPGRADE | Kind.DOWNGRADE:
            found = snapshot.schedule if _waits(row) else fact
            return found is not None and (found.price_id, found.quantity) == (price_id, row.quantity)
        case Kind.TRIAL:
            return fact.trial_end == row.trial_ends_at
        case Kind.END:
            return fact.ended_at is not None
        case Kind.RESUME:
            waits = snapshot.schedule is not None and snapshot.schedule.takes_effect_at is not None
            return not (fact.cancel_at_period_end or waits or fact.status == Subscription.Status.PAUSED)
        case _:
            return fact.cancel_at_period_end


def _ask(row: SubscriptionChange) -> datetime | None:
    """The one request, always the same for a row; gives when a scheduled change comes into force."""
    subscription, key = row.subscription, row.idempotency_key
    known = subscription.provider_subscription_id
    if not _waits(row) and SubscriptionChange.objects.filter(subscription=subscription).scheduled().exists():
        provider().unschedule_change(known, key=f"{key}:unschedule")
    match row.kind:
        case Kind.UPGRADE | Kind.DOWNGRADE if _waits(row):
            return provider().schedule_change(_spec(row), key=key).takes_effect_at
        case Kind.UPGRADE | Kind.DOWNGRADE | Kind.TRIAL:
            provider().change_subscription(_spec(row), key=key, at=row.prorated_at)
        case Kind.RESUME if subscription.status == Subscription.Status.PAUSED:
            provider().wake_subscription(known, key=key)
        case Kind.RESUME:
            provider().resume_subscription(known, key=key)
        case _:
            provider().cancel_subscription(known, at_period_end=row.kind == Kind.CANCEL, key=key)
    return None


def _waits(row: SubscriptionChange) -> bool:
    """Whether the provider carries it out when the period ends."""
    return row.timing == SubscriptionChange.Timing.RENEWAL


def _spec(row: SubscriptionChange) -> ChangeSpec:
    price: Price = row.price or row.subscription.price
    return ChangeSpec(
        subscription_id=row.subscription.provider_subscription_id,
        price_id=price.provider_price_id,
        quantity=row.quantity,
        prorate="now" if row.prorated_at else "none",
        trial_end=row.trial_ends_at,
        from_price_id=row.subscription.price.provider_price_id,
    )


# --- What came of it --------------------------------------------------------------------------------------------------
@transaction.atomic
def _record(row: SubscriptionChange, snapshot: Snapshot | None, effective_at: datetime | None) -> None:
    """The provider has done it: the row, the subscription as it is now, and the mail, together."""
    if not leases.renew(row):
        return
    # Before it is scheduled itself: one change at most waits for the next period.
    planned.withdraw(row.subscription_id)
    settled = {"status": Status.SCHEDULED if _waits(row) else Status.APPLIED}
    leases.settle(row, **settled, effective_at=effective_at or clock.now(), settled_at=clock.now(), failure="")
    held = row.subscription
    row.subscription = subscriptions.record_purchase(snapshot, organization=held.organization) if snapshot else held
    if row.plan_version is not None and not _waits(row):
        newer_terms.adopt(row.subscription, row.plan_version)
    notices.changed(row)


@transaction.atomic
def _refuse(row: SubscriptionChange, error: DomainError) -> None:
    """The provider said no and did nothing: the subscription is open to another change."""
    if leases.settle(row, status=Status.REFUSED, failure=error.message[:500], settled_at=clock.now()):
        audit.record("subscription.change_refused", row.subscription, by=None, changes={"reason": error.message})


def _leave(row: SubscriptionChange, error: DomainError) -> None:
    """Nobody knows what the provider did. A worker asks again."""
    leases.settle(row, failure=error.message[:500])
    nudges.nudge()
