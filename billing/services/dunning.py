"""Asking for a renewal that could not be paid: a mail with each try, a last warning, suspension, and its undo.

The provider tries the payment method by itself, and the organization can pay at any time. What was bought stays usable
through retrying and grace. What a paused trial would go on with is in nobody's use: it is suspended with the first
refusal, and begins once it is paid. Each step is found from rows, so it does not matter which news of the provider came
when.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from billing.models import Dunning, Invoice, Subscription
from billing.providers.protocol import InvoiceFact
from billing.services import entitlements, notices
from billing.signals import subscription_restored, subscription_suspended
from platform_core import clock, context, leases, scoping
from platform_core.services import audit

Status = Dunning.Status
# Counted from the first payment that failed: when the last warning is sent, and when what was bought is suspended.
WARN_AFTER = timedelta(days=7)
SUSPEND_AFTER = timedelta(days=10)
# Before the first payment there is nothing to ask for again.
NOT_BEGUN = (Subscription.Status.INCOMPLETE, Subscription.Status.INCOMPLETE_EXPIRED)
OWED = (Invoice.Status.OPEN, Invoice.Status.UNCOLLECTIBLE)


def follow(subscription: Subscription, facts: Sequence[InvoiceFact]) -> Dunning | None:
    """Begin, go on or end as a reading of the subscription's invoices says. Runs in the transaction that records it."""
    if subscription.status in NOT_BEGUN:
        return None
    case = Dunning.objects.select_for_update(of=("self",)).filter(subscription=subscription).running().first()
    failing = _failing(subscription, facts)
    if failing is None:
        return _recover(case) if case else None
    if subscription.status in Subscription.ENDED:
        return _lose(case) if case else None
    return _tell(case or _begin(subscription, failing, in_use=not _woke_with(failing, subscription, facts)), failing)


def give_up(subscription: Subscription) -> None:
    """Nothing more is tried for a subscription that the provider does not know any more."""
    case = Dunning.objects.select_for_update(of=("self",)).filter(subscription=subscription).running().first()
    if case is not None:
        _lose(case)


def _failing(subscription: Subscription, facts: Sequence[InvoiceFact]) -> InvoiceFact | None:
    """The earliest invoice that was tried and is still owed."""
    owed = [fact for fact in facts if fact.status in OWED and fact.attempt_count and fact.payment_error]
    return min(owed, key=lambda fact: fact.created_at, default=None)


def _woke_with(failing: InvoiceFact, subscription: Subscription, facts: Sequence[InvoiceFact]) -> bool:
    """Whether it is for the first period after a trial, and the trial was over before that: it was paused between."""
    ended_at = subscription.trial_ends_at
    since = sorted(_begins(fact) for fact in facts if ended_at is not None and _begins(fact) >= ended_at)
    return bool(since) and ended_at != since[0] == _begins(failing)


def _begins(fact: InvoiceFact) -> datetime:
    """The first moment that it is for."""
    return min((line.period_start for line in fact.lines), default=fact.period_start)


def _begin(subscription: Subscription, failing: InvoiceFact, *, in_use: bool) -> Dunning:
    now = clock.now()
    grace = SUSPEND_AFTER if in_use else timedelta()
    case = Dunning.objects.create(
        organization_id=subscription.organization_id,
        subscription=subscription,
        invoice=Invoice.objects.get(provider_invoice_id=failing.id, subscription=subscription),
        began_at=now,
        suspend_at=now + grace,
        run_after=now + WARN_AFTER,
        status=Status.RETRYING if in_use else Status.SUSPENDED,
    )
    audit.record("dunning.begin", subscription, by=None, changes={"suspend_at": case.suspend_at})
    if not in_use:
        case.subscription = subscription
        _suspend_access(case)
        case.save(update_fields=["suspended_at"])
    return case


def _tell(case: Dunning, failing: InvoiceFact) -> Dunning:
    """Of each try that failed, once."""
    case.next_try_at = failing.next_attempt_at
    if failing.attempt_count > case.try_count:
        case.try_count, case.failure = failing.attempt_count, failing.payment_error[:300]
        notices.dunning(case, "payment_failed", key=f"try:{case.try_count}")
    case.save(update_fields=["try_count", "failure", "next_try_at"])
    return case


def _recover(case: Dunning) -> Dunning:
    """It is paid: what was suspended comes back by itself."""
    was_suspended = case.status == Status.SUSPENDED
    _end(case, Status.RECOVERED)
    if was_suspended:
        Subscription.objects.filter(pk=case.subscription_id).update(suspended_at=None)
        case.subscription.suspended_at = None
        entitlements.write_down(case.organization_id)
        subscription_restored.send(Dunning, subscription=case.subscription)
    notices.dunning(case, "payment_recovered", key="recovered")
    return case


def _lose(case: Dunning) -> Dunning:
    """The subscription is over and was not paid for."""
    if case.status != Status.SUSPENDED:
        _suspend_access(case)
    _end(case, Status.LOST)
    notices.dunning(case, "subscription_lost", key="lost")
    return case


def _end(case: Dunning, status: Dunning.Status) -> None:
    case.status, case.ended_at = status, clock.now()
    case.save(update_fields=["status", "ended_at", "suspended_at"])
    audit.record(f"dunning.{status}", case.subscription, by=None, changes={"tries": case.try_count})


def _suspend_access(case: Dunning) -> None:
    case.suspended_at = clock.now()
    Subscription.objects.filter(pk=case.subscription_id).update(suspended_at=case.suspended_at)
    case.subscription.suspended_at = case.suspended_at
    entitlements.write_down(case.organization_id)
    subscription_suspended.send(Dunning, subscription=case.subscription)


# --- By the clock -----------------------------------------------------------------------------------------------------
def advance_one(worker: str) -> bool:
    """Take the next step of one that is due; False if none is."""
    case = leases.claim(Dunning, worker=worker)
    if case is None:
        return False
    with scoping.system(), context.working(f"dunning:{case.pk}", "dunning"):
        _advance(case)
    return True


@transaction.atomic
def _advance(case: Dunning) -> None:
    """The last warning, then the suspension. A payment that came meanwhile has ended it."""
    # The subscription first, as by the reading that tells of a payment.
    Subscription.objects.select_for_update(of=("self",)).only("pk").get(pk=case.subscription_id)
    held = Dunning.objects.select_for_update(of=("self",)).select_related("subscription", "invoice").get(pk=case.pk)
    if held.lease_token != case.lease_token or held.status not in Dunning.CLAIMABLE:
        return
    if clock.now() < held.suspend_at:
        _step(held, Status.GRACE, run_after=held.suspend_at)
        notices.dunning(held, "last_warning", key="warning")
    else:
        _suspend_access(held)
        _step(held, Status.SUSPENDED, run_after=held.suspend_at)
        notices.dunning(held, "service_suspended", key="suspended")


def _step(case: Dunning, status: Dunning.Status, *, run_after: datetime) -> None:
    leases.settle(case, status=status, run_after=run_after, attempt=0, suspended_at=case.suspended_at)
    audit.record(f"dunning.{status}", case.subscription, by=None, changes={"failure": case.failure})
