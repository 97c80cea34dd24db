"""Customers who came, grew, left and came back: a year that any figure can be computed of by hand."""

from datetime import UTC, datetime

from billing.models import Plan, Subscription
from billing.services import mrr
from orgs.models import Organization
from tests import clocks, make


def on(year: int, month: int, day: int = 15) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


def begin(moment: datetime, minor: int, organization: Organization, plan: Plan, **fields: object) -> Subscription:
    """A subscription that brings so much a month from then on."""
    with clocks.at(moment):
        return make.subscription(organization, plan, monthly_minor=minor, **fields)


def change(row: Subscription, moment: datetime, minor: int | None = None, status: str = "active") -> None:
    """From then on it brings so much, or is in another state."""
    row.monthly_minor, row.status = row.monthly_minor if minor is None else minor, status
    row.save()
    with clocks.at(moment):
        mrr.record(row)


def a_year() -> dict[str, Organization]:
    """December 2025 until March 2026: four customers in dollars, one of them in euros too.

    | month | harbour | lantern | mill | anchor | anchor, eur |
    |---|---|---|---|---|---|
    | 2025-12 | 10000 | 5000 | | | |
    | 2026-01 | 12000 | 5000 | 3000 | | |
    | 2026-02 | 12000 | 4000 | 0 | 2000 | 1500 |
    | 2026-03 | 0 | 4000 | 2500 | 2000 | 0 |
    """
    plan, euros = make.plan(), make.plan(price_minor=None)
    make.price(euros, currency="eur", amount_minor=1_500)
    found = {name: make.organization(name.title()) for name in ("harbour", "lantern", "mill", "anchor")}
    harbour = begin(on(2025, 12), 10_000, found["harbour"], plan)
    lantern = begin(on(2025, 12), 5_000, found["lantern"], plan)
    change(harbour, on(2026, 1), 12_000)
    mill = begin(on(2026, 1), 3_000, found["mill"], plan)
    change(lantern, on(2026, 2), 4_000)
    change(mill, on(2026, 2), status="canceled")
    begin(on(2026, 2, 1), 2_000, found["anchor"], plan)
    anchor = begin(on(2026, 2), 1_500, found["anchor"], euros)
    change(harbour, on(2026, 3), status="unpaid")
    begin(on(2026, 3), 2_500, found["mill"], plan)
    change(anchor, on(2026, 3), status="canceled")
    return found
