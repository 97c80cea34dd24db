"""Changing a subscription: charged once whatever goes wrong between us and the provider."""

from datetime import timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from billing.models import Invoice, Subscription, SubscriptionChange
from billing.providers import provider
from billing.providers.protocol import ProviderError
from billing.providers.sandbox.faults import Fault, injected
from billing.services import changes, proposals, subscriptions
from billing.services.changes import Refused
from billing.services.proposals import Asked, Proposal
from platform_core import clock
from platform_core.errors import Conflict
from platform_core.models import AuditEvent, Mail
from platform_core.models.leases import LONG_AGO
from tests.billing import month, shop
from tests.billing.cards import CANNOT_PAY, PAYS, set_card
from tests.billing.changing import MIDDLE, charged, customer, present, price_of, proposed, undone, upgraded
from tests.billing.services.kills import Killed, killed

Status = SubscriptionChange.Status
FAULTS = [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.SERVER_ERROR]
CHANGING = "/v1/subscriptions/"
NOBODY = Asked(None)


def abandon() -> None:
    """Whoever held the change is gone, and its time has come."""
    held = SubscriptionChange.objects.exclude(status=SubscriptionChange.Status.SCHEDULED)
    held.update(lease_until=LONG_AGO, run_after=clock.now() - timedelta(seconds=1))


# --- Up ---------------------------------------------------------------------------------------------------------------
def test_a_step_up_is_in_force_and_paid_at_once() -> None:
    customer()
    proposal = proposed()

    change = changes.change_plan(proposal, NOBODY)

    now = present()
    assert (now.plan.code, now.status, now.current_period_end) == ("hosting-pro", "active", month.RENEWAL)
    assert (change.status, change.due_minor) == (Status.APPLIED, proposal.due_minor)
    assert charged() == [4_900, proposal.due_minor]
    invoice = month.newest_invoice(now)
    assert (invoice.status, invoice.total_minor, invoice.paid_minor) == ("paid", change.due_minor, change.due_minor)
    assert [line.amount_minor for line in invoice.lines.all()] == [line.amount_minor for line in proposal.lines]
    subject = Mail.objects.get(template="billing/plan_changed").subject
    assert subject == f"{now.organization} is on Hosting Pro now"
    assert AuditEvent.objects.filter(action="subscription.upgrade").count() == 1


def test_the_provider_says_the_same_afterwards_and_nothing_more_happens() -> None:
    customer()
    upgraded()
    before = charged()

    shop.catch_up()

    assert charged() == before
    assert present().plan.code == "hosting-pro"
    assert Invoice.objects.filter(discrepancy="").count() == Invoice.objects.count() == 2


@settings(max_examples=4, phases=[Phase.explicit, Phase.generate])
@given(
    passed=st.integers(0, 30 * 24 * 3600),
    quantities=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    plans=st.sampled_from([("hosting-starter", "hosting-pro"), ("hosting-pro", "hosting-pro")]),
)
def test_what_is_shown_is_what_is_invoiced(passed: int, quantities: tuple[int, int], plans: tuple[str, str]) -> None:
    before, after = plans
    with undone():
        held = customer(before)
        if quantities[0] > 1:
            upgraded(before, quantities[0])
        at = held.current_period_start + timedelta(seconds=passed)
        if passed > int((MIDDLE - held.current_period_start).total_seconds()):
            month.pass_to(at)
        try:
            proposal = proposed(after, quantities[1])
        except Conflict:
            return
        if proposal.kind != proposals.Kind.UPGRADE:
            return

        assert proposals.at_provider(proposal) == proposal
        changes.change_plan(proposal, NOBODY)

        invoice = month.newest_invoice(present())
        assert invoice.total_minor == proposal.due_minor
        assert sorted(line.amount_minor for line in invoice.lines.all()) == sorted(
            line.amount_minor for line in proposal.lines
        )


def test_what_was_shown_a_while_ago_is_still_charged() -> None:
    customer()
    shown = proposed()
    month.pass_to(MIDDLE + timedelta(minutes=20))

    later = proposed(at=shown.prorated_at)
    changes.change_plan(later, NOBODY)

    assert later.due_minor == shown.due_minor == charged()[-1]


def test_a_declined_card_changes_nothing_and_another_try_is_open() -> None:
    customer()
    set_card(present(), CANNOT_PAY)

    with pytest.raises(Refused, match="declined") as refusal:
        upgraded()

    assert (refusal.value.status, refusal.value.code) == (402, "CARD_DECLINED")
    assert (present().plan.code, present().status) == ("hosting-starter", "active")
    assert SubscriptionChange.objects.get().status == Status.REFUSED
    assert charged() == [4_900]
    set_card(present(), PAYS)
    assert upgraded().status == Status.APPLIED


# --- Answers that are lost --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("fault", FAULTS)
def test_a_lost_answer_is_asked_for_again_under_the_same_key(fault: Fault) -> None:
    customer()
    proposal = proposed()
    with injected(fault, method="POST", path=CHANGING, times=3), pytest.raises(ProviderError) as lost:
        changes.change_plan(proposal, NOBODY)
    assert (lost.value.status, lost.value.code) == (502, "STRIPE_ERROR")
    assert "is kept and is tried again by itself" in str(lost.value)
    assert SubscriptionChange.objects.get().status == Status.PENDING
    abandon()

    assert changes.settle_one("test")
    assert not changes.settle_one("test")

    assert SubscriptionChange.objects.get().status == Status.APPLIED
    assert present().plan.code == "hosting-pro"
    assert charged() == [4_900, proposal.due_minor]


@pytest.mark.parametrize("fault", FAULTS)
def test_whoever_asks_the_same_again_takes_it_up(fault: Fault) -> None:
    customer()
    proposal = proposed()
    with injected(fault, method="POST", path=CHANGING, times=3), pytest.raises(ProviderError):
        changes.change_plan(proposal, NOBODY)

    changes.change_plan(proposal, NOBODY)

    assert SubscriptionChange.objects.get().status == Status.APPLIED
    assert charged() == [4_900, proposal.due_minor]


def test_whoever_was_shown_another_amount_since_does_not_take_it_up() -> None:
    customer()
    first = proposed(at=clock.now() - timedelta(minutes=29))
    with injected(Fault.TIMEOUT_BEFORE, method="POST", path=CHANGING, times=3), pytest.raises(ProviderError):
        changes.change_plan(proposals.hold_to(first, first.due_minor), NOBODY)
    later = proposed()
    assert later.due_minor < first.due_minor

    with pytest.raises(Conflict, match="under way"):
        changes.change_plan(proposals.hold_to(later, later.due_minor), NOBODY)
    assert charged() == [4_900]
    changes.change_plan(later, NOBODY)

    assert charged() == [4_900, first.due_minor]


def test_something_else_meanwhile_is_a_conflict() -> None:
    customer()
    with injected(Fault.TIMEOUT_BEFORE, method="POST", path=CHANGING, times=3), pytest.raises(ProviderError):
        upgraded()

    with pytest.raises(Conflict, match="under way"):
        changes.cancel(present(), NOBODY, now=False)

    assert SubscriptionChange.objects.count() == 1


@pytest.mark.parametrize("quantity", [1, 3])
def test_of_two_that_asked_of_the_same_state_the_later_gets_a_conflict(quantity: int) -> None:
    customer()
    first, later = proposed(), proposed("hosting-pro", quantity)
    changes._enter(first.subscription, _wish(first), NOBODY, proposals.OPEN_TO_CHANGES)
    with pytest.raises(Conflict, match="under way"):
        changes.change_plan(later, NOBODY)
    abandon()
    changes.settle_one("test")

    with pytest.raises(Conflict, match="changed a moment ago"):
        changes.change_plan(later, NOBODY)

    assert charged() == [4_900, first.due_minor]
    assert SubscriptionChange.objects.count() == 1


def _wish(proposal: Proposal) -> dict[str, object]:
    names = ("kind", "price", "quantity", "prorated_at", "due_minor")
    return {name: getattr(proposal, name) for name in names}


@pytest.mark.parametrize("after", [False, True])
def test_a_process_that_is_killed_at_the_provider_loses_and_doubles_nothing(after: bool) -> None:
    customer()
    proposal = proposed()
    with pytest.MonkeyPatch.context() as patch:
        killed(patch, provider(), "change_subscription", after=after)
        with pytest.raises(Killed):
            changes.change_plan(proposal, NOBODY)
    assert SubscriptionChange.objects.get().status == Status.PENDING
    # Nobody takes it over while its process may still live.
    assert not changes.settle_one("test")
    abandon()

    assert changes.settle_one("test")

    assert SubscriptionChange.objects.get().status == Status.APPLIED
    assert charged() == [4_900, proposal.due_minor]


def test_a_process_that_is_killed_before_it_wrote_the_answer_down() -> None:
    customer()
    proposal = proposed()
    with pytest.MonkeyPatch.context() as patch:
        killed(patch, subscriptions, "record_purchase", after=False)
        with pytest.raises(Killed):
            changes.change_plan(proposal, NOBODY)
    # The provider's own news come first.
    shop.catch_up()
    assert present().plan.code == "hosting-pro"
    abandon()

    changes.settle_one("test")

    assert SubscriptionChange.objects.get().status == Status.APPLIED
    assert charged() == [4_900, proposal.due_minor]


@pytest.mark.parametrize(("done", "status"), [(True, Status.APPLIED), (False, Status.REFUSED)])
def test_after_a_day_nobody_asks_again_but_looks_what_became_of_it(done: bool, status: str) -> None:
    customer()
    fault = Fault.TIMEOUT_AFTER if done else Fault.TIMEOUT_BEFORE
    with injected(fault, method="POST", path=CHANGING, times=3), pytest.raises(ProviderError):
        upgraded()
    SubscriptionChange.objects.update(created_at=clock.now() - timedelta(days=1))
    abandon()
    before = charged()

    changes.settle_one("test")

    assert SubscriptionChange.objects.get().status == status
    assert charged() == before
    assert present().plan.code == ("hosting-pro" if done else "hosting-starter")


# --- Down -------------------------------------------------------------------------------------------------------------
def test_a_step_down_waits_for_the_period_to_end() -> None:
    customer("hosting-pro")

    change = upgraded("hosting-starter")

    assert (change.status, change.effective_at, change.due_minor) == (Status.SCHEDULED, month.RENEWAL, 0)
    assert present().plan.code == "hosting-pro"
    assert charged() == [12_900]
    month.pass_to(month.RENEWAL + timedelta(hours=2))
    shop.catch_up()
    assert present().plan.code == "hosting-starter"
    assert charged() == [12_900, 4_900]
    change.refresh_from_db()
    assert change.status == Status.APPLIED


def test_a_planned_step_down_is_taken_back() -> None:
    customer("hosting-pro")
    planned = upgraded("hosting-starter")

    changes.resume(present(), NOBODY)

    planned.refresh_from_db()
    assert planned.status == Status.WITHDRAWN
    month.pass_to(month.RENEWAL + timedelta(hours=2))
    shop.catch_up()
    assert present().plan.code == "hosting-pro"
    assert charged() == [12_900, 12_900]


def test_a_step_up_takes_the_place_of_a_planned_one() -> None:
    customer("hosting-pro")
    planned = upgraded("hosting-starter")

    change = upgraded("hosting-pro", 2)

    planned.refresh_from_db()
    assert (planned.status, change.status) == (Status.WITHDRAWN, Status.APPLIED)
    assert (present().plan.code, present().quantity) == ("hosting-pro", 2)


# --- The end ----------------------------------------------------------------------------------------------------------
def test_canceled_it_ends_with_its_period() -> None:
    customer()

    changes.cancel(present(), Asked(None, "Too dear."), now=False)

    assert (present().cancel_at_period_end, present().auto_renew, present().status) == (True, False, "active")
    assert SubscriptionChange.objects.get().reason == "Too dear."
    month.pass_to(month.RENEWAL + timedelta(hours=2))
    shop.catch_up()
    assert (present().status, charged()) == ("canceled", [4_900])


def test_ended_now_it_is_over() -> None:
    customer()

    change = changes.cancel(present(), NOBODY, now=True)

    assert (change.status, present().status) == (Status.APPLIED, "canceled")
    assert present().ended_at is not None
    with pytest.raises(Conflict):
        changes.resume(present(), NOBODY)


def test_what_was_canceled_is_resumed_and_renews() -> None:
    customer()
    changes.cancel(present(), NOBODY, now=False)

    changes.resume(present(), NOBODY)

    assert present().auto_renew
    month.pass_to(month.RENEWAL + timedelta(hours=2))
    shop.catch_up()
    assert (present().status, charged()) == ("active", [4_900, 4_900])


def test_auto_renew_is_set_as_often_as_wanted_and_changes_once() -> None:
    customer()

    assert changes.set_auto_renew(present(), NOBODY, renews=True) is None
    assert changes.set_auto_renew(present(), NOBODY, renews=False) is not None
    assert changes.set_auto_renew(present(), NOBODY, renews=False) is None
    assert changes.set_auto_renew(present(), NOBODY, renews=True) is not None

    assert [change.kind for change in SubscriptionChange.objects.order_by("created_at")] == ["cancel", "resume"]


def test_nothing_to_take_back_is_a_conflict() -> None:
    customer()

    with pytest.raises(Conflict, match="nothing to take back"):
        changes.resume(present(), NOBODY)

    assert not SubscriptionChange.objects.exists()


def test_what_was_looked_at_must_still_be_so() -> None:
    customer()
    stale = proposed()
    Subscription.objects.update(quantity=7)

    with pytest.raises(Conflict, match="changed a moment ago"):
        changes.change_plan(stale, NOBODY)

    assert not SubscriptionChange.objects.exists()
    assert price_of("hosting-pro").amount_minor == 12_900
