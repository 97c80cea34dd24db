"""What becomes of a change whose answer was lost, in whosever hands it ends: asked again, looked up, or given up."""

from contextlib import AbstractContextManager
from datetime import timedelta

import pytest

from billing.models import Subscription, SubscriptionChange
from billing.providers.protocol import ProviderError
from billing.providers.sandbox.faults import Fault, Plan, injected
from billing.services import asking, changes, proposals
from billing.services.changes import Refused
from billing.services.proposals import Asked
from platform_core import clock
from platform_core.errors import Conflict
from platform_core.models import AuditEvent, Mail
from tests.billing import month
from tests.billing.cards import CANNOT_PAY, set_card
from tests.billing.changing import charged, customer, present, proposed, read, upgraded
from tests.billing.providers.sandbox.shop import client
from tests.billing.services.test_changes import CHANGING, NOBODY, abandon

Kind, Status = SubscriptionChange.Kind, SubscriptionChange.Status
KEYED = Asked(None, digest="a-key-of-theirs")
OUTCOMES = [(True, Status.APPLIED), (False, Status.REFUSED)]


def lost(*, done: bool = False, path: str = CHANGING, method: str = "POST") -> AbstractContextManager[Plan]:
    """The provider's answers to what comes now are lost; `done` says whether it acted."""
    return injected(Fault.TIMEOUT_AFTER if done else Fault.TIMEOUT_BEFORE, method=method, path=path, times=3)


def entered(asked: Asked = NOBODY) -> SubscriptionChange:
    """A step up that somebody holds and has not asked the provider for."""
    proposal = proposed()
    names = ("kind", "price", "quantity", "prorated_at", "due_minor")
    wish = {name: getattr(proposal, name) for name in names}
    return changes._enter(proposal.subscription, wish, asked, proposals.OPEN_TO_CHANGES)[0]


def trialing() -> Subscription:
    """The customer is in a trial, here and at the provider."""
    customer()
    ends_at = int((clock.now() + timedelta(days=2)).timestamp())
    client().v1.subscriptions.update(present().provider_subscription_id, {"trial_end": ends_at})
    read()
    return present()


# --- The same request again -------------------------------------------------------------------------------------------
def test_the_same_request_again_carries_on_and_then_only_tells() -> None:
    customer()
    proposal = proposed()
    with lost(), pytest.raises(ProviderError):
        changes.change_plan(proposal, KEYED)

    carried = changes.asked_before(KEYED.digest)
    told = changes.asked_before(KEYED.digest)

    assert carried is not None
    assert (carried, carried.status) == (told, Status.APPLIED)
    assert changes.asked_before("another key") is changes.asked_before("") is None
    assert charged() == [4_900, proposal.due_minor]


def test_the_same_request_again_does_not_disturb_whoever_is_at_it() -> None:
    customer()
    entered(KEYED)

    with pytest.raises(Conflict, match="under way"):
        changes.asked_before(KEYED.digest)

    assert SubscriptionChange.objects.get().status == Status.PENDING
    assert charged() == [4_900]


def test_the_same_request_again_is_refused_again_and_not_asked_for() -> None:
    customer()
    set_card(present(), CANNOT_PAY)
    with pytest.raises(Refused):
        changes.change_plan(proposed(), KEYED)

    with lost(path="/v1/", method="") as untouched, pytest.raises(Conflict, match="declined"):
        changes.asked_before(KEYED.digest)

    assert untouched.struck == 0
    assert (SubscriptionChange.objects.get().status, charged()) == (Status.REFUSED, [4_900])


# --- Two hands --------------------------------------------------------------------------------------------------------
def test_a_slow_caller_whose_change_was_made_by_a_worker_makes_it_no_second_time() -> None:
    customer()
    row = entered()
    abandon()
    assert changes.settle_one("test")

    changes._carry_out((row, True))

    assert charged() == [4_900, row.due_minor]
    assert Mail.objects.filter(template="billing/plan_changed").count() == 1
    assert SubscriptionChange.objects.get().status == Status.APPLIED


def test_a_slow_caller_takes_back_nothing_that_was_planned_since() -> None:
    customer()
    row = entered()
    abandon()
    assert changes.settle_one("test")
    planned = upgraded("hosting-starter")

    changes._record(row, None, asking.Answer())

    planned.refresh_from_db()
    assert planned.status == Status.SCHEDULED


def test_a_worker_goes_on_after_a_refusal_and_a_slow_caller_writes_none_of_its_own() -> None:
    customer()
    set_card(present(), CANNOT_PAY)
    row = entered()
    abandon()
    assert changes.settle_one("test")
    settled = SubscriptionChange.objects.values("status", "failure", "settled_at").get()

    with pytest.raises(Refused, match="declined"):
        changes._carry_out((row, True))

    assert AuditEvent.objects.filter(action="subscription.change_refused").count() == 1
    assert settled["status"] == Status.REFUSED
    assert SubscriptionChange.objects.values("status", "failure", "settled_at").get() == settled
    assert (present().plan.code, charged()) == ("hosting-starter", [4_900])


# --- After a day ------------------------------------------------------------------------------------------------------
def found_after_a_day() -> str:
    """What a worker finds of a change that nobody got an answer to; asked for again it is not."""
    row = SubscriptionChange.objects.get(status=Status.PENDING)
    SubscriptionChange.objects.filter(pk=row.pk).update(created_at=clock.now() - timedelta(days=1))
    abandon()
    with injected(Fault.SERVER_ERROR, method="POST", times=9) as asked:
        assert changes.settle_one("test")
    assert asked.struck == 0
    row.refresh_from_db()
    return row.status


@pytest.mark.parametrize(("done", "status"), OUTCOMES)
def test_a_planned_step_down_that_nobody_heard_of(done: bool, status: str) -> None:
    customer("hosting-pro")
    planned = Status.SCHEDULED if done else status
    with lost(done=done, path="/v1/subscription_schedules/"), pytest.raises(ProviderError):
        upgraded("hosting-starter")

    assert found_after_a_day() == planned

    assert SubscriptionChange.objects.get().effective_at == (month.RENEWAL if done else None)
    assert (present().plan.code, charged()) == ("hosting-pro", [12_900])


@pytest.mark.parametrize(("done", "status"), OUTCOMES)
@pytest.mark.parametrize("now", [False, True])
def test_an_end_that_nobody_heard_of(now: bool, done: bool, status: str) -> None:
    customer()
    with lost(done=done, method="DELETE" if now else "POST"), pytest.raises(ProviderError):
        changes.cancel(present(), NOBODY, now=now)

    assert found_after_a_day() == status

    assert present().status == ("canceled" if now and done else "active")
    assert present().cancel_at_period_end is (done and not now)


@pytest.mark.parametrize(("done", "status"), OUTCOMES)
def test_a_resumption_that_nobody_heard_of(done: bool, status: str) -> None:
    customer()
    changes.cancel(present(), NOBODY, now=False)
    with lost(done=done), pytest.raises(ProviderError):
        changes.resume(present(), NOBODY)

    assert found_after_a_day() == status

    assert present().cancel_at_period_end is not done


@pytest.mark.parametrize(("done", "status"), OUTCOMES)
def test_a_planned_step_down_of_which_nobody_heard_that_it_was_taken_back(done: bool, status: str) -> None:
    customer("hosting-pro")
    planned = upgraded("hosting-starter")
    with lost(done=done, path="/v1/subscription_schedules/"), pytest.raises(ProviderError):
        changes.resume(present(), NOBODY)

    assert found_after_a_day() == status

    planned.refresh_from_db()
    assert planned.status == (Status.WITHDRAWN if done else Status.SCHEDULED)


@pytest.mark.parametrize(("done", "status"), OUTCOMES)
def test_a_longer_trial_that_nobody_heard_of(done: bool, status: str) -> None:
    held, later = trialing(), clock.now().replace(microsecond=0) + timedelta(days=9)
    with lost(done=done), pytest.raises(ProviderError):
        changes.extend_trial(held, NOBODY, ends_at=later)

    assert found_after_a_day() == status

    assert present().trial_ends_at == (later if done else held.trial_ends_at)


def test_another_end_of_a_trial_is_not_taken_for_the_one_that_nobody_heard_of() -> None:
    held, soon = trialing(), clock.now().replace(microsecond=0) + timedelta(days=9)
    with lost(), pytest.raises(ProviderError):
        changes.extend_trial(held, NOBODY, ends_at=soon)

    with pytest.raises(Conflict, match="under way"):
        changes.extend_trial(held, NOBODY, ends_at=soon + timedelta(days=9))

    assert present().trial_ends_at == held.trial_ends_at
    changes.extend_trial(held, NOBODY, ends_at=soon)
    assert present().trial_ends_at == soon


def test_a_subscription_that_the_provider_has_no_more_was_not_changed() -> None:
    customer()
    with lost(), pytest.raises(ProviderError):
        upgraded()
    Subscription.objects.update(provider_subscription_id="sub_of_nobody")

    assert found_after_a_day() == Status.REFUSED

    assert SubscriptionChange.objects.get().failure.endswith("Nothing was changed.")
    assert (present().plan.code, charged()) == ("hosting-starter", [4_900])


# --- What is not even asked -------------------------------------------------------------------------------------------
def test_it_is_canceled_once() -> None:
    customer()
    changes.cancel(present(), NOBODY, now=False)

    with pytest.raises(Conflict, match="ends with its period already"):
        changes.cancel(present(), NOBODY, now=False)

    assert SubscriptionChange.objects.count() == 1


def test_a_trial_does_not_end_in_the_past() -> None:
    held = trialing()

    with pytest.raises(Conflict, match="in the future"):
        changes.extend_trial(held, NOBODY, ends_at=clock.now() - timedelta(seconds=1))

    assert not SubscriptionChange.objects.exists()
    assert present().trial_ends_at == held.trial_ends_at
