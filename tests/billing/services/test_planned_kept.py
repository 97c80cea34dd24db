"""A change that comes to nothing leaves what was planned before it as it was: with us, and at the provider."""

from datetime import timedelta

import pytest

from billing.models import SubscriptionChange
from billing.providers import provider
from billing.providers.protocol import ProviderError
from billing.providers.sandbox.faults import Fault, injected
from billing.services import changes
from billing.services.changes import Refused
from billing.services.proposals import Asked
from platform_core import clock
from platform_core.errors import Conflict
from platform_core.models import AuditEvent
from tests import kept, make
from tests.billing import month, shop
from tests.billing.cards import ASKS, CANNOT_PAY, set_card
from tests.billing.changing import PRO, charged, customer, present, proposed, upgraded
from tests.billing.services.kills import Killed, killed
from tests.billing.waiting import abandoned, at_the_bank, invoices_there, the_change

Status = SubscriptionChange.Status
NOBODY = Asked(None)
MORE = ("hosting-pro", 2)


def planned(card: str) -> SubscriptionChange:
    """From Pro down to Starter with the next period, and from now on this card."""

    def come_about() -> None:
        held = customer("hosting-pro")
        changes.change_plan(proposed("hosting-starter"), NOBODY)
        set_card(held, card)
        shop.catch_up()

    kept.situation(f"hosting-starter planned, with {card}", come_about)
    return SubscriptionChange.objects.get()


def there() -> bool:
    """Whether the provider has it planned."""
    return provider().scheduled_change(present().provider_subscription_id) is not None


def it_comes(change: SubscriptionChange) -> None:
    """What was planned is in force with the next period, and nothing else was paid for."""
    change.refresh_from_db()
    assert (change.status, change.effective_at, there()) == (Status.SCHEDULED, present().current_period_end, True)
    assert (present().plan.code, present().quantity, charged()) == ("hosting-pro", 1, [PRO])
    month.pass_to(month.RENEWAL + timedelta(minutes=5))
    shop.catch_up()
    change.refresh_from_db()
    assert (change.status, present().plan.code) == (Status.APPLIED, "hosting-starter")


# --- Declined ---------------------------------------------------------------------------------------------------------
def test_what_is_planned_comes_although_more_was_declined() -> None:
    change = planned(CANNOT_PAY)

    with pytest.raises(Refused) as refusal:
        upgraded(*MORE)

    assert (refusal.value.status, the_change().status) == (402, Status.REFUSED)
    it_comes(change)


@pytest.mark.parametrize(
    ("at", "after"), [("unschedule_change", True), ("change_subscription", True), ("schedule_change", False)]
)
def test_who_dies_while_it_is_declined_is_followed_by_a_worker(
    monkeypatch: pytest.MonkeyPatch, at: str, *, after: bool
) -> None:
    change = planned(CANNOT_PAY)
    with monkeypatch.context() as patch:
        killed(patch, provider(), at, after=after)
        with pytest.raises(Killed):
            upgraded(*MORE)
    assert not there()
    abandoned()

    assert changes.settle_one("test")

    assert the_change().status == Status.REFUSED
    it_comes(change)


def test_what_could_not_be_planned_again_is_tried_again() -> None:
    change = planned(CANNOT_PAY)
    provider().unschedule_change(present().provider_subscription_id, key="as the change would")
    with (
        injected(Fault.TIMEOUT_AFTER, method="POST", path="/v1/subscription_schedules", times=9),
        pytest.raises(ProviderError),
    ):
        upgraded(*MORE)
    assert the_change().status == Status.PENDING
    abandoned()

    assert changes.settle_one("test")

    assert the_change().status == Status.REFUSED
    it_comes(change)


def test_what_nobody_answered_for_a_day_lets_it_come() -> None:
    change = planned(CANNOT_PAY)
    with injected(Fault.TIMEOUT_BEFORE, path="/v1/subscriptions/", times=9), pytest.raises(ProviderError):
        upgraded(*MORE)
    provider().unschedule_change(present().provider_subscription_id, key="as the change would")
    SubscriptionChange.objects.pending().update(created_at=clock.now() - timedelta(hours=21))
    abandoned()

    assert not there()
    assert changes.settle_one("test")

    assert SubscriptionChange.objects.get(quantity=2).status == Status.REFUSED
    it_comes(change)


def test_what_the_provider_takes_no_more_is_told_of_no_more() -> None:
    change = planned(CANNOT_PAY)
    known = present().provider_subscription_id
    proposal = proposed(*MORE)
    provider().cancel_subscription(known, at_period_end=True, key="in the provider's portal")

    with pytest.raises(Refused):
        changes.change_plan(proposal, NOBODY)

    change.refresh_from_db()
    assert (change.status, "will be canceled" in change.failure) == (Status.REFUSED, True)
    assert AuditEvent.objects.filter(action="subscription.change_refused").count() == 2


# --- Waiting for the bank ---------------------------------------------------------------------------------------------
def test_what_is_planned_comes_although_a_payment_was_not_confirmed_in_time() -> None:
    change = planned(ASKS)
    asked = upgraded(*MORE)
    shop.catch_up()
    change.refresh_from_db()
    assert (asked.status, change.status, there()) == (Status.CONFIRMING, Status.SCHEDULED, False)

    month.pass_to(clock.now() + timedelta(hours=24))
    shop.catch_up()
    asked.refresh_from_db()
    assert asked.status == Status.CONFIRMING
    assert changes.settle_one("test")
    assert not changes.settle_one("test")

    asked.refresh_from_db()
    assert (asked.status, invoices_there("open")) == (Status.LAPSED, [])
    it_comes(change)


def test_what_is_confirmed_takes_its_place() -> None:
    change = planned(ASKS)
    asked = upgraded(*MORE)

    at_the_bank("confirm")
    shop.catch_up()

    change.refresh_from_db()
    assert (change.status, there(), present().quantity) == (Status.WITHDRAWN, False, 2)
    month.pass_to(month.RENEWAL + timedelta(minutes=5))
    shop.catch_up()
    assert (present().plan.code, charged()) == ("hosting-pro", [PRO, asked.due_minor])


def test_late_in_the_period_it_is_there_again_before_it_is_due() -> None:
    change = planned(ASKS)
    month.pass_to(month.RENEWAL - timedelta(hours=5))
    shop.catch_up()

    asked = upgraded(*MORE)

    ends_at = present().current_period_end
    assert (asked.status, asked.lapses_at) == (Status.CONFIRMING, ends_at - timedelta(hours=1))
    month.pass_to(ends_at - timedelta(minutes=54))
    assert changes.settle_one("test")
    asked.refresh_from_db()
    assert (asked.status, invoices_there("open")) == (Status.LAPSED, [])
    it_comes(change)


def test_where_it_could_not_be_there_in_time_nothing_waits() -> None:
    change = planned(ASKS)
    month.pass_to(month.RENEWAL - timedelta(hours=2))
    shop.catch_up()

    with pytest.raises(Refused, match="confirmed by the cardholder"):
        upgraded(*MORE)

    it_comes(change)


def test_another_change_that_is_under_way_sees_to_it() -> None:
    change = planned(ASKS)
    asked = upgraded(*MORE)
    provider().void_invoice(asked.provider_invoice_id, key="by the other")
    other = make.subscription_change(present(), kind="cancel", status="pending")
    abandoned()
    SubscriptionChange.objects.filter(pk=other.pk).update(run_after=clock.now() + timedelta(hours=1))

    assert changes.settle_one("test")
    assert not changes.settle_one("test")

    asked.refresh_from_db()
    assert (asked.status, there()) == (Status.CONFIRMING, False)
    SubscriptionChange.objects.filter(pk=other.pk).update(status=Status.REFUSED)
    abandoned()
    assert changes.settle_one("test")
    asked.refresh_from_db()
    assert asked.status == Status.WITHDRAWN
    it_comes(change)


def test_none_begins_while_it_is_put_back() -> None:
    planned(ASKS)
    asked = upgraded(*MORE)
    SubscriptionChange.objects.filter(pk=asked.pk).update(lease_until=clock.wall() + timedelta(minutes=1))

    with pytest.raises(Conflict, match="is under way"):
        changes.cancel(present(), NOBODY, now=False)

    assert SubscriptionChange.objects.count() == 2
