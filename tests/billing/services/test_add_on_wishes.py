"""Which add-ons can be had instead, and at which prices: by another interval at those of that interval."""

from collections import Counter
from datetime import timedelta

import pytest

from billing.models import Plan, Price
from billing.providers import provider
from billing.services import catalog, changes, plan_editing, prices, proposals
from billing.services.proposals import Kind, Timing
from platform_core.errors import Conflict, InvalidInput
from tests.billing import month, shop
from tests.billing.beside import (
    BACKUP,
    BACKUP_YEAR,
    BACKUPS,
    SUPPORT,
    done,
    has,
    held,
    present,
    quota,
    wanted,
)
from tests.billing.changing import STARTER, charged
from tests.billing.services.test_changes import NOBODY


def test_paid_by_the_year_the_add_ons_are_too_on_the_terms_they_were_added_on() -> None:
    subscription = held()
    done({BACKUPS: 2})
    plan_editing.change(Plan.objects.get(code=BACKUPS), {"entitlements": []}, by=None)
    price, quantity = proposals.target(subscription, plan="", quantity=None, direction=Kind.UPGRADE, interval="year")

    ours = proposals.propose(present(), price, quantity)
    proposal = proposals.at_provider(ours)
    changes.change_plan(proposal, NOBODY)

    assert proposal == ours
    assert proposal.period_minor == 49_000 + 2 * BACKUP_YEAR
    assert Counter(line.kind for line in proposal.lines) == {"credit": 2, "charge": 2}
    invoice = month.newest_invoice(present())
    assert (invoice.total_minor, invoice.discrepancy, charged()[-1]) == (proposal.due_minor, "", proposal.due_minor)
    assert (present().price.interval, has(), quota()) == ("year", {BACKUPS: 2}, 10)
    assert present().monthly_minor == round((49_000 + 2 * BACKUP_YEAR) / 12)

    # Back by the month with the next period; then fewer of them, which waits with it.
    back, _ = proposals.target(present(), plan="", quantity=None, direction=Kind.DOWNGRADE, interval="month")
    changes.change_plan(proposals.at_provider(proposals.propose(present(), back, 1)), NOBODY)
    last = done({BACKUPS: 1})
    month.pass_to(present().current_period_end + timedelta(hours=2))
    shop.catch_up()
    last.refresh_from_db()
    assert (last.status, present().price.interval, has()) == ("applied", "month", {BACKUPS: 1})
    assert month.newest_invoice(present()).total_minor == STARTER + BACKUP


def flat_by_the_year() -> Price:
    """Backups by the year cost the same however many they are."""
    yearly = Price.objects.get(plan__code=BACKUPS, interval="year")
    made = prices.replace(yearly, by=None, scheme="flat", amount_minor=BACKUP_YEAR)
    catalog.publish_prices()
    return made


def test_what_is_flat_by_the_year_goes_along_once() -> None:
    held()
    done({BACKUPS: 3})
    shop.catch_up()
    flat_by_the_year()
    year, quantity = proposals.target(present(), plan="", quantity=None, direction=Kind.UPGRADE, interval="year")

    proposal = proposals.propose(present(), year, quantity)
    changes.change_plan(proposals.at_provider(proposal), NOBODY)
    shop.catch_up()

    assert proposal.period_minor == 49_000 + BACKUP_YEAR
    assert (present().price.interval, has()) == ("year", {BACKUPS: 1})
    there = provider().snapshot("customer.subscription.updated", present().provider_subscription_id)
    assert there is not None
    assert there.subscription is not None
    assert [item.quantity for item in there.subscription.items] == [1, 1]


def test_more_than_one_of_it_is_refused_where_it_waits_for_the_year() -> None:
    held()
    done({BACKUPS: 3})
    shop.catch_up()
    flat_by_the_year()
    year, quantity = proposals.target(present(), plan="", quantity=None, direction=Kind.UPGRADE, interval="year")
    waits = proposals.propose(present(), year, quantity, timing=Timing.RENEWAL)
    changes.change_plan(proposals.at_provider(waits), NOBODY)

    with pytest.raises(InvalidInput) as refused:
        wanted({BACKUPS: 2}, timing=Timing.RENEWAL)

    assert refused.value.details == {"add_ons": ["More backups is sold one at a time."]}
    assert has() == {BACKUPS: 3}


def test_by_the_year_one_that_is_planned_to_go_does_not_come_along() -> None:
    held()
    done({BACKUPS: 1, SUPPORT: 1})
    done({SUPPORT: 0})
    price, _ = proposals.target(present(), plan="", quantity=None, direction=Kind.UPGRADE, interval="year")

    waits = proposals.propose(present(), price, 1, timing=Timing.RENEWAL)

    assert {(each.price.plan.code, each.price.interval, each.quantity) for each in waits.beside} == {
        (BACKUPS, "month", 0),
        (BACKUPS, "year", 1),
        (SUPPORT, "month", 0),
    }
    with pytest.raises(Conflict, match="More support is not sold by the year: remove it first"):
        proposals.propose(present(), price, 1)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"pages-domains": 1}, "no add-on 'pages-domains' of Hosting on sale by the month in USD"),
        ({"hosting-pro": 1}, "no add-on 'hosting-pro'"),
        ({SUPPORT: 2}, "sold one at a time"),
    ],
)
def test_what_cannot_be_had_is_said_beside_the_field(counts: dict[str, int], said: str) -> None:
    held()

    with pytest.raises(InvalidInput, match=said) as refusal:
        wanted(counts)

    assert list(refusal.value.details) == ["add_ons"]


def test_what_is_not_sold_any_more_may_only_be_fewer() -> None:
    held()
    done({BACKUPS: 2})
    Plan.objects.filter(code=BACKUPS).update(status="archived")

    with pytest.raises(InvalidInput, match="not sold any more"):
        wanted({BACKUPS: 3})

    assert wanted({BACKUPS: 1}).timing == Timing.RENEWAL
