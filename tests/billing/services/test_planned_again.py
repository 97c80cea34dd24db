"""What waits for the next period comes with it, whoever made the provider let go of it meanwhile."""

from datetime import timedelta

import pytest

from billing.models import Subscription, SubscriptionChange
from billing.providers import provider
from billing.providers.protocol import ProviderError
from billing.providers.sandbox.faults import Fault, injected
from billing.services import changes, findings
from platform_core import clock
from platform_core.errors import Conflict
from platform_core.models import AuditEvent, Mail
from platform_core.models.leases import NEVER
from tests import make
from tests.billing import month, shop
from tests.billing.changing import charged, customer, present, proposed
from tests.billing.services.test_changes_settled import found_after_a_day, lost
from tests.billing.services.test_planned_beside import NOBODY, known, more, moved, state

Status = SubscriptionChange.Status
KEY = "in the provider's portal"


def canceled_there(move: SubscriptionChange) -> None:
    """The customer planned the end in the provider's own portal, and we heard of it."""
    provider().cancel_subscription(known(), at_period_end=True, key=KEY)
    shop.catch_up()
    assert (present().cancel_at_period_end, state(move)) == (True, (Status.SCHEDULED, False))
    assert not changes.settle_one("test")


def resumed_there() -> None:
    """And took it back there."""
    provider().resume_subscription(known(), key=f"{KEY} again")
    shop.catch_up()
    assert not present().cancel_at_period_end


def it_comes(move: SubscriptionChange, quantity: int = 1) -> Subscription:
    """With the next period; nothing is left to be done for it."""
    assert state(move) == (Status.SCHEDULED, True)
    assert (move.effective_at, move.run_after, move.failure) == (present().current_period_end, NEVER, "")
    assert not changes.settle_one("test")
    month.pass_to(month.RENEWAL + timedelta(hours=2))
    shop.catch_up()
    move.refresh_from_db()
    assert (move.status, present().plan.code, present().quantity) == (Status.APPLIED, "hosting-pro", quantity)
    return present()


def test_a_change_that_was_found_done_after_a_day_leaves_the_move_planned() -> None:
    customer()
    move = moved()
    with lost(done=True), pytest.raises(ProviderError):
        more()
    assert state(move) == (Status.SCHEDULED, False)

    assert found_after_a_day() == Status.APPLIED

    assert (present().quantity, state(move)) == (2, (Status.SCHEDULED, False))
    assert changes.settle_one("test")
    paid = charged()
    it_comes(move, quantity=2)
    assert len(paid) == 2


def test_an_end_that_was_taken_back_in_the_providers_portal_leaves_the_move_planned() -> None:
    customer()
    move = moved()
    canceled_there(move)
    resumed_there()
    assert state(move) == (Status.SCHEDULED, False)
    mails = Mail.objects.count()

    assert changes.settle_one("test")

    assert (Mail.objects.count(), charged()) == (mails, [4_900])
    assert not AuditEvent.objects.filter(action="subscription.change_refused").exists()
    it_comes(move)


def test_what_the_customer_planned_comes_as_well() -> None:
    customer("hosting-pro")
    less = changes.change_plan(proposed("hosting-starter"), NOBODY)
    canceled_there(less)
    resumed_there()

    assert changes.settle_one("test")

    assert state(less) == (Status.SCHEDULED, True)
    month.pass_to(month.RENEWAL + timedelta(hours=2))
    shop.catch_up()
    assert present().plan.code == "hosting-starter"


def test_an_end_that_staff_took_back_there_leaves_the_move_planned() -> None:
    held = customer()
    move = moved()
    provider().cancel_subscription(known(), at_period_end=True, key=KEY)
    finding = make.reconciliation_finding(
        object_kind="subscription",
        object_id=known(),
        kind="differs",
        fields={"cancel_at_period_end": [False, True]},
        organization=held.organization,
    )

    findings.push(finding, by=make.user(is_staff=True))
    shop.catch_up()
    while changes.settle_one("test"):
        pass

    it_comes(move)


def test_what_was_let_go_of_by_hand_is_planned_again_and_again() -> None:
    customer()
    move = moved()
    for time in range(2):
        provider().unschedule_change(known(), key=f"by hand {time}")
        shop.catch_up()
        assert state(move) == (Status.SCHEDULED, False)
        assert changes.settle_one("test")
        assert state(move) == (Status.SCHEDULED, True)

    it_comes(move)


def test_an_answer_that_is_lost_is_asked_for_again() -> None:
    customer()
    move = moved()
    provider().unschedule_change(known(), key="by hand")
    shop.catch_up()
    with injected(Fault.TIMEOUT_BEFORE, method="POST", path="/v1/subscription_schedules", times=3):
        assert changes.settle_one("test")
    assert state(move) == (Status.SCHEDULED, False)
    assert "did not answer" in move.failure
    SubscriptionChange.objects.filter(pk=move.pk).update(run_after=clock.now())

    assert changes.settle_one("test")

    it_comes(move)


def test_another_change_that_is_under_way_sees_to_it_first() -> None:
    held = customer()
    move = moved()
    provider().unschedule_change(known(), key="by hand")
    shop.catch_up()
    other = make.subscription_change(held, kind="cancel", status="pending", run_after=NEVER)

    assert changes.settle_one("test")

    assert state(move) == (Status.SCHEDULED, False)
    assert move.run_after == NEVER
    SubscriptionChange.objects.filter(pk=other.pk).update(status=Status.REFUSED)
    assert not changes.settle_one("test")


def test_no_change_begins_while_it_is_planned_again() -> None:
    customer()
    move = moved()
    SubscriptionChange.objects.filter(pk=move.pk).update(lease_until=clock.wall() + timedelta(minutes=1))

    with pytest.raises(Conflict, match="is under way"):
        changes.cancel(present(), NOBODY, now=False)

    assert SubscriptionChange.objects.get() == move


def test_what_the_provider_knows_no_more_is_left_as_it_is() -> None:
    held = customer()
    move = moved()
    Subscription.objects.filter(pk=held.pk).update(provider_subscription_id="sub_gone")
    SubscriptionChange.objects.filter(pk=move.pk).update(run_after=clock.now())

    assert changes.settle_one("test")

    move.refresh_from_db()
    assert (move.status, move.run_after) == (Status.SCHEDULED, NEVER)
