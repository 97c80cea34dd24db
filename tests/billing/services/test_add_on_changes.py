"""Other add-ons on a running subscription: more at once and paid for, less with the next period, none by accident."""

from datetime import timedelta

import pytest

from billing.models import (
    MrrMovement,
    Plan,
    PlanVersion,
    Price,
    SubscriptionChange,
)
from billing.providers import provider
from billing.providers.protocol import ProviderError
from billing.providers.sandbox.faults import Fault, injected
from billing.services import changes, plan_editing, proposals
from billing.services.changes import Refused
from billing.services.proposals import Asked, Kind, Timing
from platform_core import clock
from platform_core.errors import Conflict
from platform_core.models import AuditEvent, Mail
from tests.billing import month, shop
from tests.billing.beside import (
    BACKUP,
    BACKUPS,
    HELP,
    PACKS,
    SUPPORT,
    done,
    has,
    held,
    present,
    quota,
    renewed,
    wanted,
)
from tests.billing.cards import CANNOT_PAY, set_card
from tests.billing.changing import MIDDLE, PRO, STARTER, charged, price_of, proposed, read, upgraded
from tests.billing.providers.sandbox.shop import client
from tests.billing.services.kills import Killed, killed
from tests.billing.services.test_changes import CHANGING, FAULTS, NOBODY, abandon

Status = SubscriptionChange.Status
KEYED = Asked(None, digest="a-key-of-theirs")


def moved() -> list[tuple[str, int]]:
    return list(MrrMovement.objects.order_by("number").values_list("kind", "amount_minor"))


# --- More -------------------------------------------------------------------------------------------------------------
def test_one_more_is_in_force_and_paid_at_once_as_it_was_shown() -> None:
    held()
    proposal = wanted({BACKUPS: 2})

    change = changes.change_plan(proposal, NOBODY)

    assert (proposal.kind, proposal.timing, proposal.period_minor) == (Kind.ADD_ONS, Timing.NOW, STARTER + 2 * BACKUP)
    assert [(line.kind, line.quantity, line.of and line.of.code) for line in proposal.lines] == [("charge", 2, BACKUPS)]
    assert (change.status, change.due_minor, has(), quota()) == (Status.APPLIED, proposal.due_minor, {BACKUPS: 2}, 10)
    assert charged() == [STARTER, proposal.due_minor]
    invoice = month.newest_invoice(present())
    assert (invoice.status, invoice.total_minor, invoice.discrepancy) == ("paid", proposal.due_minor, "")
    assert moved() == [("new", STARTER), ("expansion", 2 * BACKUP)]
    event = AuditEvent.objects.get(action="subscription.change_add_ons")
    assert event.changes["add_ons"] == {Price.objects.get(plan__code=BACKUPS, interval="month").lookup_key: [0, 2]}
    mail = Mail.objects.get(template="billing/add_ons_changed")
    assert mail.subject == f"{present().organization} has other add-ons now"
    shop.catch_up()
    assert (charged(), has()) == ([STARTER, proposal.due_minor], {BACKUPS: 2})
    assert renewed().total_minor == STARTER + 2 * BACKUP


def test_of_a_higher_count_only_the_difference_is_paid_and_the_rest_stays() -> None:
    held()
    done({BACKUPS: 2, SUPPORT: 1})
    month.pass_to(MIDDLE + timedelta(days=3))

    proposal = wanted({BACKUPS: 3})
    changes.change_plan(proposal, NOBODY)

    assert [(line.kind, line.quantity) for line in proposal.lines] == [("credit", 2), ("charge", 3)]
    assert (charged()[-1], has()) == (proposal.due_minor, {BACKUPS: 3, SUPPORT: 1})
    assert month.newest_invoice(present()).total_minor == proposal.due_minor
    assert present().quantity == 1


def test_what_the_catalog_does_not_know_is_left_to_the_provider() -> None:
    api, subscription = client().v1, held()
    product = api.products.create({"name": "By agreement"}).id
    theirs = api.prices.create(
        {"product": product, "currency": "usd", "unit_amount": 300, "recurring": {"interval": "month"}}
    ).id
    api.subscriptions.update(subscription.provider_subscription_id, {"items": [{"price": theirs}]})
    read()

    done({BACKUPS: 1})
    done({BACKUPS: 0}, timing=Timing.NOW)

    items = api.subscriptions.retrieve(subscription.provider_subscription_id).to_dict()["items"]["data"]
    assert theirs in {item["price"]["id"] for item in items}
    assert has() == {}


# --- Less -------------------------------------------------------------------------------------------------------------
def test_less_waits_for_the_period_to_end() -> None:
    held()
    done({BACKUPS: 2, SUPPORT: 1})
    before = charged()

    change = done({BACKUPS: 1, SUPPORT: 0})

    assert (change.status, change.effective_at, change.due_minor) == (Status.SCHEDULED, month.RENEWAL, 0)
    assert (has(), charged(), quota()) == ({BACKUPS: 2, SUPPORT: 1}, before, 10)
    assert Mail.objects.filter(template="billing/add_ons_will_change").count() == 1
    invoice = renewed()
    assert (has(), quota(), invoice.total_minor, invoice.discrepancy) == ({BACKUPS: 1}, 5, STARTER + BACKUP, "")
    change.refresh_from_db()
    assert change.status == Status.APPLIED
    assert moved()[-1] == ("contraction", -BACKUP - HELP)


def test_a_planned_removal_is_taken_back() -> None:
    held()
    done({BACKUPS: 2})
    planned = done({BACKUPS: 0})

    with pytest.raises(Conflict, match="Resume the subscription to take back"):
        wanted({BACKUPS: 2}, timing=Timing.RENEWAL)
    changes.resume(present(), NOBODY)

    planned.refresh_from_db()
    assert planned.status == Status.WITHDRAWN
    assert (renewed().total_minor, has()) == (STARTER + 2 * BACKUP, {BACKUPS: 2})


def test_what_waits_for_the_next_period_waits_together() -> None:
    held("hosting-pro")
    done({BACKUPS: 2, SUPPORT: 1, PACKS: 3})
    first = done({BACKUPS: 0})

    second = done({SUPPORT: 0})
    plan = changes.change_plan(
        proposals.at_provider(proposals.propose(present(), price_of("hosting-starter"), 1)), NOBODY
    )
    last = done({BACKUPS: 1})

    assert last.price is not None
    assert (last.kind, last.price.plan.code) == (Kind.ADD_ONS, "hosting-starter")
    statuses = SubscriptionChange.objects.filter(pk__in=[first.pk, second.pk, plan.pk]).values_list("status", flat=True)
    assert set(statuses) == {Status.WITHDRAWN}
    assert renewed().total_minor == STARTER + BACKUP + 999
    assert (present().plan.code, has()) == ("hosting-starter", {BACKUPS: 1, PACKS: 3})
    last.refresh_from_db()
    assert last.status == Status.APPLIED


def test_staff_have_less_in_force_at_once_and_the_rest_is_the_customers_credit() -> None:
    held()
    done({BACKUPS: 2})
    before = charged()

    proposal = wanted({BACKUPS: 0}, timing=Timing.NOW)
    changes.change_plan(proposal, NOBODY)

    assert [(line.kind, line.quantity) for line in proposal.lines] == [("credit", 2)]
    assert proposal.due_minor < 0
    assert (has(), charged(), quota()) == ({}, before, 0)
    assert month.newest_invoice(present()).total_minor == proposal.due_minor


# --- Beside what staff decided for everybody --------------------------------------------------------------------------
def moved_by_staff(*, version: PlanVersion | None = None, is_binding: bool = True) -> SubscriptionChange:
    proposal = proposed("hosting-pro", timing=Timing.RENEWAL)
    return changes.change_plan(proposal, Asked(None, is_staff=True, is_binding=is_binding), version=version)


def test_a_move_of_everybody_goes_on_waiting_beside_more_and_less_waits_until_then() -> None:
    held()
    done({BACKUPS: 2, SUPPORT: 1})
    done({BACKUPS: 0, SUPPORT: 0})
    move = moved_by_staff()
    assert {each.price.plan.code: each.quantity for each in move.add_ons.all()} == {BACKUPS: 0, SUPPORT: 0}

    done({BACKUPS: 3})
    with pytest.raises(Conflict, match="cannot be taken back"):
        done({BACKUPS: 1})

    move.refresh_from_db()
    assert (move.status, [each.price.plan.code for each in move.add_ons.all()]) == (Status.SCHEDULED, [SUPPORT])
    assert renewed().total_minor == PRO + 3 * BACKUP
    assert (present().plan.code, has()) == ("hosting-pro", {BACKUPS: 3})
    move.refresh_from_db()
    assert move.status == Status.APPLIED


def test_what_is_taken_in_keeps_the_terms_that_were_planned() -> None:
    held()
    done({BACKUPS: 2})
    pro = Plan.objects.get(code="hosting-pro")
    version = pro.current
    plan_editing.change(pro, {"token_allotment": 1_000}, by=None)
    moved_by_staff(version=version, is_binding=False)

    last = done({BACKUPS: 1})

    assert last.plan_version == version
    renewed()
    assert (present().plan_version, has()) == (version, {BACKUPS: 1})


def test_a_declined_card_changes_nothing() -> None:
    subscription = held()
    set_card(subscription, CANNOT_PAY)

    with pytest.raises(Refused, match="declined") as refusal:
        done({BACKUPS: 1})

    assert (refusal.value.status, refusal.value.code) == (402, "CARD_DECLINED")
    assert (has(), charged(), SubscriptionChange.objects.get().status) == ({}, [STARTER], Status.REFUSED)
    assert present().status == "active"


# --- Two at once, and answers that are lost ---------------------------------------------------------------------------
def test_of_two_that_asked_of_the_same_state_the_later_gets_a_conflict() -> None:
    held()
    first, later = wanted({BACKUPS: 2}), wanted({BACKUPS: 3})
    changes.change_plan(first, NOBODY)

    with pytest.raises(Conflict, match="changed a moment ago"):
        changes.change_plan(later, NOBODY)

    assert (has(), charged()) == ({BACKUPS: 2}, [STARTER, first.due_minor])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_lost_answer_is_asked_for_again_and_only_the_same_takes_it_up(fault: Fault) -> None:
    held()
    proposal = wanted({BACKUPS: 2})
    other = wanted({BACKUPS: 3})
    with injected(fault, method="POST", path=CHANGING, times=3), pytest.raises(ProviderError):
        changes.change_plan(proposal, KEYED)
    abandon()

    with pytest.raises(Conflict, match="under way"):
        changes.change_plan(other, NOBODY)
    carried = changes.change_plan(proposal, NOBODY)
    again = changes.asked_before(KEYED.digest)

    assert (carried.status, again) == (Status.APPLIED, carried)
    assert (has(), charged()) == ({BACKUPS: 2}, [STARTER, proposal.due_minor])


@pytest.mark.parametrize("after", [False, True])
def test_a_process_that_is_killed_at_the_provider_loses_and_doubles_nothing(after: bool) -> None:
    held()
    proposal = wanted({BACKUPS: 2})
    with pytest.MonkeyPatch.context() as patch:
        killed(patch, provider(), "change_subscription", after=after)
        with pytest.raises(Killed):
            changes.change_plan(proposal, NOBODY)
    abandon()

    assert changes.settle_one("test")

    assert SubscriptionChange.objects.get().status == Status.APPLIED
    assert (has(), charged()) == ({BACKUPS: 2}, [STARTER, proposal.due_minor])


@pytest.mark.parametrize("is_done", [True, False])
@pytest.mark.parametrize("quantity", [3, 1])
def test_after_a_day_nobody_asks_again_but_looks_what_became_of_it(quantity: int, is_done: bool) -> None:
    held()
    done({BACKUPS: 2})
    path = CHANGING if quantity > 2 else "/v1/subscription_schedules/"
    fault = Fault.TIMEOUT_AFTER if is_done else Fault.TIMEOUT_BEFORE
    with injected(fault, method="POST", path=path, times=3), pytest.raises(ProviderError):
        done({BACKUPS: quantity})
    row = SubscriptionChange.objects.get(status=Status.PENDING)
    SubscriptionChange.objects.filter(pk=row.pk).update(created_at=clock.now() - timedelta(days=1))
    abandon()

    changes.settle_one("test")

    row.refresh_from_db()
    waits = Status.SCHEDULED if quantity < 2 else Status.APPLIED
    assert row.status == (waits if is_done else Status.REFUSED)
    assert has() == {BACKUPS: 3 if is_done and quantity == 3 else 2}


def test_a_plan_change_keeps_what_is_beside_it() -> None:
    held()
    done({BACKUPS: 2})

    change = upgraded("hosting-pro")

    assert (change.status, present().plan.code, has()) == (Status.APPLIED, "hosting-pro", {BACKUPS: 2})
    assert change.due_minor == charged()[-1] == month.newest_invoice(present()).total_minor
