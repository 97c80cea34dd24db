"""Paid by the month or by the year: what was shown is what is charged, and staff say when it is in force."""

from datetime import timedelta

import pytest

from billing.models import Invoice, Subscription, SubscriptionAddOn, SubscriptionChange
from billing.providers.sandbox import clock as sandbox
from billing.services import catalog, changes, periods, plans, prices, proposals
from billing.services.proposals import Asked, Proposal
from platform_core.errors import Conflict, InvalidInput
from platform_core.models import Mail
from tests import kept, make
from tests.billing import shop
from tests.billing.changing import PRO, STARTER, charged, customer, present

Timing = SubscriptionChange.Timing
Kind = SubscriptionChange.Kind
NOBODY = Asked(None)
YEAR, PRO_YEAR = 49_000, 129_000


def monthly() -> Subscription:
    """On Starter by the month, in the middle of it; both plans are sold by the year too."""

    def come_about() -> None:
        held = customer()
        for plan, amount in (
            (held.plan, YEAR),
            (proposals.target(held, plan="pro", quantity=1, direction=Kind.UPGRADE)[0].plan, PRO_YEAR),
        ):
            prices.put_on_sale(plan, {"interval": "year", "amount_minor": amount}, by=None)
        catalog.publish_prices()

    kept.situation("sold by the year too", come_about)
    return present()


def wanted(plan: str = "", interval: str = "", timing: Timing | None = None) -> Proposal:
    held = present()
    price, quantity = proposals.target(held, plan=plan, quantity=None, direction=Kind.UPGRADE, interval=interval)
    return proposals.at_provider(proposals.propose(held, price, quantity, timing=timing))


def done(proposal: Proposal) -> SubscriptionChange:
    change = changes.change_plan(proposal, NOBODY)
    shop.catch_up()
    return change


def told() -> str:
    return Mail.objects.latest("created_at").template


@pytest.mark.parametrize(("plan", "amount"), [("", YEAR), ("pro", PRO_YEAR)])
def test_a_year_begins_at_once_and_the_rest_of_the_month_is_given_back(plan: str, amount: int) -> None:
    monthly()

    proposal = wanted(plan, "year")

    assert (proposal.kind, proposal.timing, proposal.period_minor) == (Kind.UPGRADE, Timing.NOW, amount)
    # 14 days and 6 hours of 31 days are left.
    credit = -(STARTER * (31 * 24 - 16 * 24 + 6) + 31 * 12) // (31 * 24)
    assert [line.kind for line in proposal.lines] == ["credit", "charge"]
    assert proposal.lines[0].amount_minor == pytest.approx(credit, abs=120)
    assert proposal.lines[1].ends_at == periods.add_months(proposal.effective_at, 12)
    assert proposal.due_minor == amount + proposal.lines[0].amount_minor
    before = charged()

    change = done(proposal)

    assert change.status == "applied"
    assert charged() == [*before, proposal.due_minor]
    held = present()
    assert (held.price.interval, held.price.amount_minor) == ("year", amount)
    assert (held.current_period_end - held.current_period_start).days in (365, 366)
    invoice = Invoice.objects.latest("issued_at")
    assert (invoice.total_minor, invoice.status, invoice.discrepancy) == (proposal.due_minor, "paid", "")
    period = held.periods.open().get()
    assert (period.starts_at, period.ends_at) == (held.current_period_start, held.current_period_end)
    assert held.monthly_minor == round(amount / 12)
    assert told() == "billing/plan_changed"


def test_what_is_paid_for_shorter_waits_for_the_end_of_the_year() -> None:
    monthly()
    done(wanted("", "year"))
    year, before = present(), charged()

    proposal = wanted("pro", "month")

    assert (proposal.kind, proposal.timing, proposal.due_minor) == (Kind.DOWNGRADE, Timing.RENEWAL, 0)
    assert proposal.effective_at == year.current_period_end
    assert done(proposal).status == "scheduled"
    assert (present().price, charged()) == (year.price, before)
    assert told() == "billing/plan_will_change"
    sandbox.advance(year.current_period_end + timedelta(hours=2))
    shop.catch_up()
    held = present()
    assert (held.plan.code, held.price.interval, held.current_period_start) == (
        "hosting-pro",
        "month",
        year.current_period_end,
    )
    assert charged() == [*before, PRO]


def test_staff_have_less_in_force_at_once_and_the_rest_is_the_customers_credit() -> None:
    customer("hosting-pro")
    before = charged()

    proposal = wanted("starter", timing=Timing.NOW)
    change = done(proposal)

    assert (proposal.kind, change.kind, change.timing) == (Kind.DOWNGRADE, "downgrade", "now")
    assert proposal.due_minor < 0
    assert (change.status, present().plan.code, charged()) == ("applied", "hosting-starter", before)
    assert Invoice.objects.latest("issued_at").total_minor == proposal.due_minor
    assert told() == "billing/plan_changed"


def test_staff_have_more_in_force_with_the_next_period() -> None:
    held, before = customer(), charged()

    change = done(wanted("pro", timing=Timing.RENEWAL))

    assert (change.kind, change.status, change.effective_at) == ("upgrade", "scheduled", held.current_period_end)
    assert (present().plan.code, charged()) == ("hosting-starter", before)
    sandbox.advance(held.current_period_end + timedelta(hours=2))
    shop.catch_up()
    assert (present().plan.code, charged()) == ("hosting-pro", [*before, PRO])
    change.refresh_from_db()
    assert change.status == "applied"


def test_a_plan_that_is_not_sold_by_the_year_is_not_had_by_it() -> None:
    customer()

    with pytest.raises(InvalidInput, match="Hosting Pro has no price by this interval"):
        wanted("pro", "year")


def test_it_is_not_changed_where_what_is_beside_it_is_not_sold_by_that_interval() -> None:
    held = monthly()
    beside = make.plan(product=held.plan.product, rank=9, is_add_on=True)
    SubscriptionAddOn.objects.create(subscription=held, price=beside.prices.get(), plan_version=beside.current)
    price, quantity = proposals.target(held, plan="", quantity=None, direction=Kind.UPGRADE, interval="year")

    with pytest.raises(Conflict, match="is not sold by the year: remove it first"):
        proposals.propose(held, price, quantity)

    assert beside not in plans.beside(held)
