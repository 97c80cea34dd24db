"""What staff planned stays beside a change that is made, whatever the provider says to it; the change stays made."""

from datetime import timedelta

import pytest

from billing.models import Price, SubscriptionChange
from billing.providers import provider
from billing.providers.protocol import ProviderError
from billing.services import changes, newer_terms, proposals, versions
from billing.services.changes import Refused
from billing.services.proposals import Asked
from platform_core import clock
from platform_core.models import AuditEvent
from tests.billing import month, shop
from tests.billing.cards import ASKS, CANNOT_PAY, set_card
from tests.billing.changing import PRO, charged, customer, present, price_of
from tests.billing.services.test_changes_settled import found_after_a_day, lost, trialing
from tests.billing.services.test_planned_kept import planned
from tests.billing.waiting import abandoned, asked_customer, at_the_bank

Status, Timing = SubscriptionChange.Status, SubscriptionChange.Timing
NOBODY, STAFF = Asked(None), Asked(None, is_staff=True)
BINDING = Asked(None, is_staff=True, is_binding=True)


def moved() -> SubscriptionChange:
    """To Pro with the next period, by staff."""
    return changes.change_plan(proposals.propose(present(), price_of("hosting-pro"), 1, timing=Timing.RENEWAL), BINDING)


def more() -> SubscriptionChange:
    """Two of what it is, at once."""
    return changes.change_plan(proposals.propose(present(), present().price, 2), NOBODY)


def known() -> str:
    """Its name at the provider."""
    return present().provider_subscription_id


def state(change: SubscriptionChange) -> tuple[str, bool]:
    """What it is here, and whether the provider has something planned."""
    change.refresh_from_db()
    return change.status, provider().scheduled_change(known()) is not None


# --- It ends with its period ------------------------------------------------------------------------------------------
def test_a_trial_that_is_canceled_is_extended_and_goes_on_with_its_move() -> None:
    trialing()
    move = moved()
    changes.cancel(present(), NOBODY, now=False)
    assert state(move) == (Status.SCHEDULED, False)
    later = clock.now().replace(microsecond=0) + timedelta(days=20)

    extended = changes.extend_trial(present(), STAFF, ends_at=later)

    assert (extended.status, present().trial_ends_at, present().cancel_at_period_end) == (Status.APPLIED, later, True)
    assert state(move) == (Status.SCHEDULED, False)
    assert not AuditEvent.objects.filter(action="subscription.change_refused").exists()

    assert changes.resume(present(), NOBODY).status == Status.APPLIED
    assert state(move) == (Status.SCHEDULED, True)
    assert move.effective_at == present().current_period_end


def test_what_nobody_answered_of_a_subscription_that_ends_leaves_its_move() -> None:
    held = trialing()
    move = moved()
    changes.cancel(present(), NOBODY, now=False)
    with lost(), pytest.raises(ProviderError):
        changes.extend_trial(present(), STAFF, ends_at=clock.now() + timedelta(days=20))

    assert found_after_a_day() == Status.REFUSED

    assert (state(move), present().trial_ends_at) == ((Status.SCHEDULED, False), held.trial_ends_at)
    changes.resume(present(), NOBODY)
    assert state(move) == (Status.SCHEDULED, True)


def test_an_end_that_nobody_told_of_does_not_undo_what_was_paid_for() -> None:
    customer()
    move = moved()
    proposal = proposals.propose(present(), present().price, 2)
    provider().cancel_subscription(known(), at_period_end=True, key="in the provider's portal")

    change = changes.change_plan(proposal, NOBODY)

    assert (change.status, present().quantity, charged()) == (Status.APPLIED, 2, [4_900, proposal.due_minor])
    assert present().cancel_at_period_end
    assert (state(move), move.quantity) == ((Status.SCHEDULED, False), 2)
    changes.resume(present(), NOBODY)
    assert state(move) == (Status.SCHEDULED, True)


def test_an_end_that_nobody_told_of_leaves_the_move_of_whoever_is_declined() -> None:
    held = customer()
    move = moved()
    set_card(held, CANNOT_PAY)
    proposal = proposals.propose(present(), present().price, 2)
    provider().cancel_subscription(known(), at_period_end=True, key="in the provider's portal")

    with pytest.raises(Refused):
        changes.change_plan(proposal, NOBODY)

    assert (state(move), charged()) == ((Status.SCHEDULED, False), [4_900])


def test_what_nobody_pays_of_a_subscription_that_ends_is_over_once() -> None:
    planned(ASKS)
    change = more()
    assert change.status == Status.CONFIRMING
    provider().void_invoice(change.provider_invoice_id, key="by hand")
    provider().cancel_subscription(known(), at_period_end=True, key="in the provider's portal")
    abandoned()

    assert changes.settle_one("test")
    assert not changes.settle_one("test")

    change.refresh_from_db()
    assert (change.status, present().cancel_at_period_end, charged()) == (Status.WITHDRAWN, True, [PRO])


# --- The provider does not take it ------------------------------------------------------------------------------------
def test_a_move_that_the_provider_takes_no_more_does_not_undo_what_was_paid_for() -> None:
    customer()
    move = moved()
    Price.objects.filter(lookup_key="hosting-pro-month-usd").update(provider_price_id="price_gone")

    change = more()

    assert (change.status, change.failure, present().quantity) == (Status.APPLIED, "", 2)
    assert charged() == [4_900, change.due_minor]
    assert (state(move), "price_gone" in move.failure) == ((Status.REFUSED, False), True)
    assert AuditEvent.objects.filter(action="subscription.change_refused").count() == 1
    assert not SubscriptionChange.objects.pending().exists()


# --- At the bank ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("plan", ["hosting-starter", "hosting-pro"])
def test_newer_terms_come_though_more_was_confirmed_but_not_for_another_plan(plan: str) -> None:
    held = asked_customer()
    newer = versions.revise(held.plan, by=None, rate_limit=60)
    terms = newer_terms.take(held, newer, BINDING, timing=Timing.RENEWAL)
    change = changes.change_plan(proposals.propose(present(), price_of(plan), 2), NOBODY)
    assert change.status == Status.CONFIRMING

    at_the_bank("confirm")
    shop.catch_up()

    change.refresh_from_db()
    terms.refresh_from_db()
    is_same = plan == "hosting-starter"
    assert (change.status, present().quantity) == (Status.APPLIED, 2)
    assert (terms.status, terms.quantity) == ((Status.SCHEDULED, 2) if is_same else (Status.WITHDRAWN, 1))
    month.pass_to(month.RENEWAL + timedelta(hours=2))
    shop.catch_up()
    assert (present().plan_version_id == newer.pk) is is_same
