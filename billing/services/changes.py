"""Changing a subscription: a row first, then the provider, then what it answered. A worker heals a crash between.

The row is held by whoever made it. If they are gone, or got no answer, a worker takes it over and asks the provider
again under the row's own key: what was done is not done again. The row ends applied, scheduled or refused, or it waits
for the customer's bank.
"""

import logging
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from billing.models import ChangedAddOn, PaymentMethod, PlanVersion, Subscription, SubscriptionChange
from billing.providers import provider
from billing.providers.protocol import (
    CardDeclined,
    ProviderError,
    ProviderRefused,
    Snapshot,
)
from billing.services import asking, confirming, newer_terms, notices, planned, subscriptions
from billing.services.add_on_wishes import Beside
from billing.services.asking import READ_AS, Answer
from billing.services.proposals import OPEN_TO_CHANGES, RUNNING, Asked, Proposal, planned_of, refuse_elsewhere
from platform_core import clock, context, leases, nudges, scoping
from platform_core.errors import Conflict, DomainError
from platform_core.models.leases import NEVER
from platform_core.services import audit

Kind = SubscriptionChange.Kind
Status = SubscriptionChange.Status
log = logging.getLogger(__name__)

# A provider keeps a key for a day; after that nobody repeats a request that nobody answered.
LONGEST = timedelta(hours=20)
LEASE_SECONDS = 120
FIRST_WAIT = timedelta(seconds=10)
UNDER_WAY = "A change of this subscription is under way. It is done in a moment."
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
    """Carry out what was proposed of plan or add-ons; with a plan come these terms, or else those that are sold now."""
    wish = {
        "plan_version": version or _version_of(proposal),
        "kind": proposal.kind,
        "timing": proposal.timing,
        "price": proposal.price,
        "quantity": proposal.quantity,
        "prorated_at": proposal.prorated_at,
        "due_minor": proposal.due_minor,
    }
    asked = replace(asked, is_shown=proposal.is_shown)
    return _carry_out(_enter(proposal.subscription, wish, asked, OPEN_TO_CHANGES, proposal.beside))


def _version_of(proposal: Proposal) -> PlanVersion | None:
    """Of a plan that was planned already, and is taken in."""
    if proposal.kind != Kind.ADD_ONS or proposal.timing != SubscriptionChange.Timing.RENEWAL:
        return None
    waiting = planned_of(proposal.subscription)
    return waiting.plan_version if waiting else None


def cancel(subscription: Subscription, asked: Asked, *, now: bool) -> SubscriptionChange:
    """End it with its period, or at once. Nothing is paid back by this alone."""
    if not now and subscription.cancel_at_period_end:
        raise Conflict("The subscription ends with its period already.")
    return _carry_out(_enter(subscription, {"kind": Kind.END if now else Kind.CANCEL}, asked, RUNNING))


def resume(subscription: Subscription, asked: Asked) -> SubscriptionChange:
    """Take back what is planned, or waits for the bank, or go on with what was paused; that is charged at once."""
    if subscription.status == Subscription.Status.PAUSED:
        return _carry_out(_enter(subscription, _wake(subscription), asked, [Subscription.Status.PAUSED]))
    asked_for = SubscriptionChange.objects.filter(subscription=subscription)
    waiting = asked_for.filter(status__in=[Status.SCHEDULED, Status.CONFIRMING]).exists()
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
    subscription: Subscription,
    wish: dict[str, Any],
    asked: Asked,
    allowed: Collection[str],
    beside: Collection[Beside] = (),
) -> tuple[SubscriptionChange, bool]:
    """The row of the change, and whether it is new: that one is the caller's. One that got no answer is taken up."""
    held = Subscription.objects.select_for_update(of=("self",)).get(pk=subscription.pk)
    under_way = SubscriptionChange.objects.filter(subscription=held).pending().first()
    if under_way is not None:
        return _taken_up(under_way, wish, beside, *(["due_minor"] if asked.is_shown else [])), False
    refuse_elsewhere(held)
    _refuse_moved(held, subscription, allowed, beside)
    if same := _waiting_for(held, wish, beside):
        return same, False
    keeps = planned.stays(held, wish, is_staff=asked.is_staff)
    row = SubscriptionChange.objects.create(
        organization_id=held.organization_id,
        subscription=held,
        requested_by=asked.by,
        reason=asked.reason[:500],
        request_digest=asked.digest,
        is_binding=asked.is_binding,
        keeps_planned=keeps,
        **{"quantity": held.quantity, **wish, **_held_by_caller()},
    )
    ChangedAddOn.objects.bulk_create(
        ChangedAddOn(change=row, price=each.price, quantity=each.quantity) for each in beside
    )
    changes: dict[str, Any] = {
        "kind": row.kind,
        "plan": row.price.plan.code if row.price else None,
        "quantity": row.quantity,
    }
    changes |= {"add_ons": {each.price.lookup_key: [each.before, each.quantity] for each in beside}} if beside else {}
    audit.record(_action(row), held, by=asked.by, changes={**changes, "due_minor": row.due_minor})
    return row, True


def _waiting_for(held: Subscription, wish: dict[str, Any], beside: Collection[Beside]) -> SubscriptionChange | None:
    """The same change, which waits for the bank already. None begins while what is planned may be being put back."""
    asked_for = SubscriptionChange.objects.filter(subscription=held)
    waiting = {row.status: row for row in asked_for.filter(status__in=[Status.CONFIRMING, Status.SCHEDULED])}
    confirming_one = waiting.get(Status.CONFIRMING)
    if confirming_one is not None and _is_same(confirming_one, wish, beside, "due_minor"):
        return confirming_one
    if any(row.lease_until > clock.wall() for row in waiting.values()):
        raise Conflict(UNDER_WAY)
    return None


def _action(row: SubscriptionChange) -> str:
    """That a subscription has other add-ons is told by itself, whoever changed them."""
    return "subscription.change_add_ons" if row.kind == Kind.ADD_ONS else f"subscription.{row.kind}"


def _held_by_caller() -> dict[str, object]:
    """As if claimed: no worker looks at the row before the caller is done with it, or gone."""
    now = clock.wall()
    lease = {"lease_token": 1, "lease_until": now + timedelta(seconds=LEASE_SECONDS), "worker": "request", "attempt": 1}
    return {**lease, "run_after": clock.now() + FIRST_WAIT}


def _refuse_moved(held: Subscription, seen: Subscription, allowed: Collection[str], beside: Collection[Beside]) -> None:
    """What was looked at when the change was decided upon is what is there."""
    told = ("price_id", "quantity", "status", "cancel_at_period_end", "current_period_start")
    has = dict(held.add_ons.values_list("price", "quantity")) if beside else {}
    has_moved = any(has.get(each.price.pk, 0) != each.before for each in beside)
    if held.status not in allowed or has_moved or any(getattr(held, name) != getattr(seen, name) for name in told):
        raise Conflict("The subscription was changed a moment ago. Look at it again.")


def _taken_up(
    row: SubscriptionChange, wish: dict[str, Any], beside: Collection[Beside], *more: str
) -> SubscriptionChange:
    if not _is_same(row, wish, beside, *more) or row.lease_until > clock.wall():
        raise Conflict(UNDER_WAY)
    return _freed(row)


def _is_same(row: SubscriptionChange, wish: dict[str, Any], beside: Collection[Beside], *more: str) -> bool:
    told = ("kind", "timing", "price", "quantity", "trial_ends_at", *more)
    same = all(getattr(row, name) == wish[name] for name in told if name in wish)
    wanted = {each.price.pk: each.quantity for each in beside}
    return same and dict(row.add_ons.values_list("price", "quantity")) == wanted


def _freed(row: SubscriptionChange) -> SubscriptionChange:
    """Whoever asks need not wait as the workers do."""
    SubscriptionChange.objects.filter(pk=row.pk).update(run_after=clock.now())
    return row


# --- Carrying it out --------------------------------------------------------------------------------------------------
def _carry_out(entered: tuple[SubscriptionChange, bool]) -> SubscriptionChange:
    """At once, in the request that asked. What fails without an answer is left to the workers."""
    row, is_ours = entered
    if row.status == Status.CONFIRMING:
        return row
    claimed = row if is_ours else leases.claim(SubscriptionChange, worker="request", seconds=LEASE_SECONDS, pk=row.pk)
    if claimed is None:
        raise Conflict(UNDER_WAY)
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
        if row.status == Status.CONFIRMING:
            return _follow(row, _closed(row))
        if row.status == Status.SCHEDULED:
            return _take_in(row, _planned_again(row))
        if clock.now() - row.created_at > LONGEST:
            return _look(row, provider().snapshot(READ_AS, known))
        answer = _asked(row)
        snapshot = provider().snapshot(READ_AS, known)
    except ProviderError as error:
        _leave(row, error)
        raise ProviderError(f"{error.message} {UNANSWERED}") from error
    return _record(row, snapshot, answer)


def _closed(row: SubscriptionChange) -> Snapshot | None:
    """What waits for the bank, as it is now. Where nobody may pay any more, what was planned is planned again."""
    known = row.subscription.provider_subscription_id
    is_over = confirming.close(row)
    snapshot = provider().snapshot(READ_AS, known)
    if snapshot is None and is_over:
        confirming.forget(row)
    if not confirming.leaves_out_planned(row, snapshot):
        return snapshot
    asking.put_back(row)
    return provider().snapshot(READ_AS, known)


def _planned_again(row: SubscriptionChange) -> Snapshot | None:
    """What waits for the next period and was let go of at the provider, planned there again; how it is then."""
    known = row.subscription.provider_subscription_id
    snapshot = provider().snapshot(READ_AS, known)
    if snapshot is None or not (planned.is_alone(row) and planned.is_left_out(row.subscription_id, snapshot)):
        return snapshot
    asking.put_back(row)
    return provider().snapshot(READ_AS, known)


def _asked(row: SubscriptionChange) -> Answer:
    """The provider does it, or says no: then all is as it was, what was planned too, and the row is closed."""
    try:
        return asking.ask(row)
    except (CardDeclined, ProviderRefused) as error:
        asking.put_back(row)
        _refuse(row, error)
        raise Refused(error) from error
    except Conflict as error:
        _refuse(row, error)
        raise Refused(error) from error


def _look(row: SubscriptionChange, snapshot: Snapshot | None) -> None:
    """The key is forgotten, so nobody asks again: what is there tells whether it was done."""
    waits_for = snapshot.subscription.pending_update if snapshot and snapshot.subscription else None
    if snapshot is not None and asking.is_done(row, snapshot):
        _record(row, snapshot, Answer(snapshot.schedule.takes_effect_at if snapshot.schedule else None))
    elif waits_for is not None and asking.spec_of(row).may_wait:
        _record(row, snapshot, Answer(waits_for=waits_for))
    else:
        asking.put_back(row)
        _refuse(row, ProviderError("The payment provider did not answer for a day. Nothing was changed."))


# --- What came of it --------------------------------------------------------------------------------------------------
def _hold(row: SubscriptionChange) -> None:
    """The subscription before its changes: so does the reading of the provider's event, which comes at once."""
    Subscription.objects.select_for_update(of=("self",)).only("pk").get(pk=row.subscription_id)


@transaction.atomic
def _record(row: SubscriptionChange, snapshot: Snapshot | None, answer: Answer) -> None:
    """The provider has done it, or waits: the row, the subscription as it is now, and the mail, together."""
    _hold(row)
    if not leases.renew(row):
        return
    if answer.waits_for is not None:
        confirming.begin(row, answer.waits_for, snapshot)
        _follow(row, snapshot)
        return
    # Before it is scheduled itself: one change at most waits for the next period.
    if row.keeps_planned:
        planned.keep(row, snapshot)
    else:
        planned.withdraw(row.subscription_id)
    confirming.withdraw(row.subscription_id)
    settled = {"status": Status.SCHEDULED if asking.waits(row) else Status.APPLIED}
    known = {"effective_at": answer.effective_at or clock.now(), "settled_at": clock.now(), "failure": ""}
    leases.settle(row, **settled, **known, run_after=NEVER)
    held = row.subscription
    row.subscription = subscriptions.record_purchase(snapshot, organization=held.organization) if snapshot else held
    # Also where the reading told nothing new: while this one was under way nobody looked after what is planned.
    planned.look_after(row.subscription_id, snapshot)
    if row.plan_version is not None and not asking.waits(row):
        newer_terms.adopt(row.subscription, row.plan_version)
    notices.changed(row)


@transaction.atomic
def _take_in(row: SubscriptionChange, snapshot: Snapshot | None) -> None:
    """It waits on, unless what was read says that it was let go of once more."""
    _hold(row)
    if leases.settle(row, run_after=NEVER, failure="") and snapshot is not None:
        subscriptions.record_purchase(snapshot, organization=row.subscription.organization)


@transaction.atomic
def _follow(row: SubscriptionChange, snapshot: Snapshot | None) -> None:
    """What waits for the bank, as it was read; the customer is asked where it goes on waiting."""
    held, is_late = row.subscription, False
    if snapshot is not None:
        row.subscription = subscriptions.record_purchase(snapshot, organization=held.organization)
        # Also where the reading told nothing new, or another one overtook it.
        confirming.follow(row.subscription, snapshot)
        is_late = row.subscription.observed_at > snapshot.observed_at
    row.refresh_from_db(fields=["status", "settled_at", "effective_at"])
    if row.status == Status.CONFIRMING:
        confirming.look_again(row, is_late=is_late)
        notices.confirm(row)


@transaction.atomic
def _refuse(row: SubscriptionChange, error: DomainError) -> None:
    """The provider said no and did nothing: the subscription is open to another change."""
    if leases.settle(row, status=Status.REFUSED, failure=error.message[:500], settled_at=clock.now()):
        audit.record("subscription.change_refused", row.subscription, by=None, changes={"reason": error.message})


def _leave(row: SubscriptionChange, error: DomainError) -> None:
    """Nobody knows what the provider did. A worker asks again."""
    leases.settle(row, failure=error.message[:500])
    nudges.nudge()
