"""What a change would mean, before anybody asked for it."""

from datetime import timedelta

import pytest

from billing.models import InvoiceLine, SubscriptionChange
from billing.providers.sandbox.faults import Fault, injected
from billing.services import changes, proposals
from billing.services.proposals import Asked
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput, NotFound
from tests import make
from tests.billing import month
from tests.billing.changing import MIDDLE, charged, customer, present, price_of, proposed
from tests.billing.providers.sandbox.shop import client

Kind = SubscriptionChange.Kind


def test_up_costs_the_difference_for_the_seconds_that_are_left() -> None:
    held = customer()

    proposal = proposed(at=MIDDLE)

    whole = int((month.RENEWAL - held.current_period_start).total_seconds())
    left = int((held.current_period_end - MIDDLE).total_seconds())
    credit, charge = (line.amount_minor for line in proposal.lines)
    assert (credit, charge) == (-round(4_900 * left / whole), round(12_900 * left / whole))
    assert (proposal.kind, proposal.due_minor, proposal.period_minor) == (Kind.UPGRADE, credit + charge, 12_900)
    assert proposal.effective_at == proposal.prorated_at == MIDDLE


def test_down_costs_nothing_and_comes_with_the_next_period() -> None:
    held = customer("hosting-pro")

    proposal = proposed("hosting-starter")

    assert (proposal.kind, proposal.lines, proposal.due_minor, proposal.prorated_at) == (Kind.DOWNGRADE, (), 0, None)
    assert (proposal.effective_at, proposal.period_minor) == (held.current_period_end, 4_900)


@pytest.mark.parametrize(("quantity", "kind"), [(3, Kind.UPGRADE), (1, Kind.DOWNGRADE)])
def test_more_of_the_same_is_up_and_less_is_down(quantity: int, kind: str) -> None:
    customer()
    held = present()
    held.quantity = 2

    assert proposals.propose(held, held.price, quantity).kind == kind


def test_in_a_trial_nothing_is_charged() -> None:
    held = customer()
    held.status = "trialing"

    proposal = proposals.propose(held, price_of("hosting-pro"), 1)

    assert (proposal.kind, proposal.lines, proposal.due_minor) == (Kind.UPGRADE, (), 0)
    assert proposal.effective_at <= clock.now()


@pytest.mark.parametrize("ago", [timedelta(hours=2), timedelta(days=40), -timedelta(hours=1)])
def test_what_was_shown_too_long_ago_or_never_is_counted_from_now(ago: timedelta) -> None:
    customer()

    proposal = proposed(at=clock.now() - ago)

    assert proposal.prorated_at is not None
    assert abs(proposal.prorated_at - clock.now()) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"status": "past_due"}, "Pay what is due first"),
        ({"status": "paused"}, "Pay what is due first"),
        ({"cancel_at_period_end": True}, "Resume it first"),
    ],
)
def test_where_nothing_can_be_changed_it_is_said_why(fields: dict[str, object], said: str) -> None:
    held = customer()
    for name, value in fields.items():
        setattr(held, name, value)

    with pytest.raises(Conflict, match=said):
        proposals.propose(held, price_of("hosting-pro"), 1)


def test_what_it_has_already_is_no_change() -> None:
    with pytest.raises(Conflict, match="already"):
        proposals.propose(customer(), price_of("hosting-starter"), 1)


def test_the_next_plan_in_each_direction_and_none_beyond() -> None:
    held = customer()

    price, quantity = proposals.target(held, plan="", quantity=None, direction=Kind.UPGRADE)

    assert (price.plan.code, quantity) == ("hosting-pro", 1)
    with pytest.raises(Conflict, match="lowest"):
        proposals.target(held, plan="", quantity=None, direction=Kind.DOWNGRADE)


def test_another_quantity_keeps_the_price() -> None:
    held = customer()

    assert proposals.target(held, plan="", quantity=5, direction=Kind.UPGRADE) == (held.price, 5)


def test_a_plan_of_another_product_is_none_to_change_to() -> None:
    with pytest.raises(InvalidInput):
        proposals.target(customer(), plan="pages-team", quantity=None, direction=Kind.UPGRADE)


def test_an_amount_that_moved_is_not_held_to() -> None:
    customer()
    proposal = proposed()

    proposals.hold_to(proposal, None)
    proposals.hold_to(proposal, proposal.due_minor)
    with pytest.raises(Conflict, match="has changed since it was shown"):
        proposals.hold_to(proposal, proposal.due_minor + 1)


def test_which_subscription_is_meant() -> None:
    harbour = make.organization()
    with pytest.raises(Conflict, match="no running subscription"):
        proposals.running(harbour)
    one, other = make.subscription(harbour), make.subscription(harbour)
    make.subscription(harbour, status="canceled")

    with pytest.raises(InvalidInput):
        proposals.running(harbour)
    assert proposals.running(harbour, product=one.plan.product.code) == one
    assert proposals.running(harbour, subscription_id=other.pk) == other
    with pytest.raises(NotFound):
        proposals.running(make.organization(), subscription_id=one.pk)


# --- What the provider would bill -------------------------------------------------------------------------------------
@pytest.mark.parametrize(("rates", "taxes"), [([], []), ([19], [("tax", 145)])])
def test_a_coupon_and_a_tax_of_the_provider_are_shown_for_they_are_charged(
    rates: list[int], taxes: list[tuple[str, int]]
) -> None:
    held, api = customer(), client().v1
    vat = [api.tax_rates.create({"display_name": "VAT", "percentage": rate, "inclusive": False}).id for rate in rates]
    api.coupons.create({"id": "HALF", "percent_off": 50, "duration": "forever"})
    wanted = {"default_tax_rates": vat, "discounts": [{"coupon": "HALF"}]}
    api.subscriptions.update(held.provider_subscription_id, wanted)  # type: ignore[arg-type]
    ours = proposed(at=MIDDLE)

    shown = proposals.at_provider(ours)

    assert [line.amount_minor for line in ours.lines] == [-2_410, 6_346]
    assert [(line.kind, line.amount_minor) for line in shown.lines] == [("credit", -2_410), ("charge", 3_173), *taxes]
    assert {line.ends_at for line in shown.lines} == {month.RENEWAL}
    assert shown.due_minor == 763 + sum(amount for _, amount in taxes)
    changes.change_plan(shown, Asked(None))
    assert charged() == [4_900, shown.due_minor]


def test_in_a_trial_the_provider_is_not_asked() -> None:
    held = customer()
    held.status = "trialing"
    proposal = proposals.propose(held, price_of("hosting-pro"), 1)

    with injected(Fault.SERVER_ERROR) as asked:
        assert proposals.at_provider(proposal) is proposal

    assert asked.struck == 0


def test_without_a_bill_of_the_period_its_whole_price_is_what_is_given_back() -> None:
    customer()
    billed = proposed(at=MIDDLE)
    InvoiceLine.objects.update(period_end=month.RENEWAL + timedelta(days=1))

    proposal = proposed(at=MIDDLE)

    assert (proposal.lines, proposal.due_minor) == (billed.lines, billed.due_minor)
    assert proposal.due_minor > 0
