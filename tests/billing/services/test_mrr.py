"""A movement for each change of what a subscription brings, and none for anything else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Sum
from hypothesis import given
from hypothesis import strategies as st

from billing.models import MrrMovement, Plan, Price, Subscription
from billing.providers.facts import DiscountFact, SubscriptionItemFact
from billing.providers.protocol import Snapshot, SubscriptionFact
from billing.services import mrr
from billing.services.subscriptions import record_purchase
from orgs.models import Organization
from platform_core.months import month_of
from tests import clocks, make

START = datetime(2026, 1, 10, tzinfo=UTC)
COUNTED = ("active", "past_due")


def moved(organization: Organization) -> list[tuple[str, int, str]]:
    rows = MrrMovement.objects.filter(organization=organization).order_by("pk")
    return [(each.kind, each.amount_minor, each.currency) for each in rows]


@pytest.fixture
def plan() -> Plan:
    """29.00 USD a month, 300.05 USD a year, 25.00 EUR a month."""
    plan = make.plan(price_minor=2_900)
    make.price(plan, interval=Price.Interval.YEAR, amount_minor=30_005)
    make.price(plan, currency="eur", amount_minor=2_500)
    return plan


def price_of(plan: Plan, currency: str = "usd", interval: str = "month") -> Price:
    return plan.prices.get(currency=currency, interval=interval)


def read(price: Price, status: str = "active", quantity: int = 1, *, at: int = 0, of: str = "sub_1") -> Snapshot:
    """A reading of a subscription, the `at`-th."""
    fact = SubscriptionFact(
        id=of,
        customer_id="cus_1",
        status=status,
        price_id=price.provider_price_id,
        quantity=quantity,
        period_start=START,
        period_end=START + timedelta(days=30),
        cancel_at_period_end=False,
        canceled_at=None,
    )
    raw = [{"object": "nothing", "id": f"{of} {price.pk} {status} {quantity}"}]
    return Snapshot(observed_at=START + timedelta(seconds=at), subscription=fact, raw=raw)


def live(organization: Organization, *readings: Snapshot) -> None:
    for at, reading in enumerate(readings):
        record_purchase(replace(reading, observed_at=START + timedelta(seconds=at)), organization=organization)


def test_a_whole_life(organization: Organization, plan: Plan) -> None:
    usd = price_of(plan)
    live(
        organization,
        read(usd, "incomplete"),
        read(usd, "trialing"),
        read(usd),
        read(usd, quantity=3),
        read(usd, "past_due", 3),
        read(usd, "past_due", 2),
        read(usd, "unpaid", 2),
        read(usd, quantity=2),
        read(usd, "paused", 2),
        read(usd, "active", 1),
        read(usd, "canceled", 1),
    )

    assert moved(organization) == [
        ("new", 2_900, "usd"),
        ("expansion", 5_800, "usd"),
        ("contraction", -2_900, "usd"),
        ("churn", -5_800, "usd"),
        ("reactivation", 5_800, "usd"),
        ("churn", -5_800, "usd"),
        ("reactivation", 2_900, "usd"),
        ("churn", -2_900, "usd"),
    ]
    assert Subscription.objects.get().trial_began_at is not None
    assert [*mrr.disagreements(), *mrr.misplaced()] == []


def test_a_year_is_twelve_months_rounded_once(organization: Organization, plan: Plan) -> None:
    live(organization, read(price_of(plan, interval="year"), quantity=7))

    # 2100.35 a year: 175.029 a month. Seven times 25.00 would be less.
    assert moved(organization) == [("new", 17_503, "usd")]


def test_what_comes_off_each_period_is_taken_off(organization: Organization, plan: Plan) -> None:
    make.coupon(provider_coupon_id="quarter", duration="forever")
    make.coupon(provider_coupon_id="four", duration="repeating", months=3, percent_basis_points=None, amount_minor=400,
                currency="usd")  # fmt: skip
    make.coupon(provider_coupon_id="first", duration="once")
    make.coupon(provider_coupon_id="euros", duration="forever", percent_basis_points=None, amount_minor=400,
                currency="eur")  # fmt: skip

    def reading(*coupons: str, pause: str = "") -> Snapshot:
        found = read(price_of(plan))
        assert found.subscription is not None
        discounts = [DiscountFact(each, each, "", START, None) for each in coupons]
        raw = [{"object": "nothing", "id": f"{coupons} {pause}"}]
        return replace(found, subscription=replace(found.subscription, discounts=discounts, pause=pause), raw=raw)

    live(organization, reading("first", "euros"), reading("quarter", "four"), reading("four"), reading(pause="void"))

    # 29.00 less a quarter is 21.75, and that less four 17.75.
    assert [amount for _, amount, _ in moved(organization)] == [2_900, -1_125, 725, -2_500]


def test_what_is_sold_beside_the_plan_counts(organization: Organization, plan: Plan) -> None:
    beside = make.price(make.plan(price_minor=None), amount_minor=1_000)
    found = read(price_of(plan), quantity=2)
    assert found.subscription is not None
    items = [
        SubscriptionItemFact(each, each, quantity, START, START)
        for each, quantity in ((price_of(plan).provider_price_id, 2), (beside.provider_price_id, 3), ("unknown", 1))
    ]

    live(organization, replace(found, subscription=replace(found.subscription, items=items)))

    assert moved(organization) == [("new", 8_800, "usd")]


def test_another_currency_is_more_of_one_and_less_of_the_other(organization: Organization, plan: Plan) -> None:
    live(organization, read(price_of(plan)), read(price_of(plan, "eur")))

    assert moved(organization)[1:] == [("expansion", 2_500, "eur"), ("contraction", -2_900, "usd")]


def test_a_second_subscription_is_more_of_the_same_customer(organization: Organization, plan: Plan) -> None:
    usd = price_of(plan)
    live(organization, read(usd), read(usd, of="sub_2"))
    live(organization, read(usd, "canceled"))
    live(organization, *[read(usd)] * 5, read(usd, "canceled", of="sub_1"), read(usd, "canceled", of="sub_2"))

    assert [kind for kind, *_ in moved(organization)] == ["new", "expansion", "contraction", "churn"]


def test_another_subscription_after_a_gap_is_the_customer_coming_back(organization: Organization, plan: Plan) -> None:
    usd = price_of(plan)
    with clocks.at(datetime(2026, 1, 31, 23, 59, tzinfo=UTC)):
        live(organization, read(usd))
    with clocks.at(datetime(2026, 3, 1, tzinfo=UTC)):
        live(organization, read(usd), read(usd, "canceled"))
    with clocks.at(datetime(2026, 7, 5, tzinfo=UTC)):
        live(organization, read(usd, of="sub_2"))

    rows = MrrMovement.objects.order_by("pk")
    assert [(row.kind, row.month_on) for row in rows] == [
        ("new", date(2026, 1, 1)),
        ("churn", date(2026, 3, 1)),
        ("reactivation", date(2026, 7, 1)),
    ]
    assert {row.cohort_on for row in rows} == {date(2026, 1, 1)}


def test_the_same_reading_again_moves_nothing(organization: Organization, plan: Plan) -> None:
    row = record_purchase(read(price_of(plan)), organization=organization)

    assert mrr.record(row) == []
    assert len(moved(organization)) == 1


def test_what_is_missing_is_added(organization: Organization, plan: Plan) -> None:
    row = record_purchase(read(price_of(plan)), organization=organization)
    Subscription.objects.filter(pk=row.pk).update(monthly_minor=1_000)
    assert [str(row.pk) in problem for problem in mrr.disagreements()] == [True]

    assert mrr.mend() == 1

    assert list(mrr.disagreements()) == []
    assert moved(organization)[-1] == ("contraction", -1_900, "usd")


def test_what_lies_wrong_is_told(organization: Organization) -> None:
    row = make.subscription(organization, status="trialing")
    values: dict[str, Any] = {"amount_minor": 2_900, "currency": "usd", "occurred_at": START, "number": 1}
    days = {"month_on": date(2026, 2, 1), "cohort_on": date(2026, 1, 1)}
    each = MrrMovement.objects.create(organization=organization, subscription=row, kind="expansion", **days, **values)

    assert list(mrr.misplaced()) == [
        f"Movement {each.pk} is expansion of 2026-02: it should be new of 2026-01",
    ]


# --- Lives in any order -----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Step:
    """What one of two subscriptions is at one moment, and how many days later that is heard of."""

    subscription: str
    status: str
    quantity: int
    price: int
    days: int


STEPS = st.builds(
    Step,
    st.sampled_from(["sub_1", "sub_2"]),
    st.sampled_from(["incomplete", "trialing", "active", "past_due", "unpaid", "paused", "canceled"]),
    st.integers(1, 5),
    st.integers(0, 2),
    st.integers(0, 40),
)


@given(steps=st.lists(STEPS, min_size=1, max_size=12), data=st.data())
def test_each_month_is_the_one_before_and_its_movements(steps: Sequence[Step], data: st.DataObject) -> None:
    organization = make.organization()
    # Late, repeated, and in any order.
    again = data.draw(st.lists(st.integers(0, len(steps) - 1)))
    brought = live_through(organization, steps, data.draw(st.permutations([*range(len(steps)), *again])))

    rows = MrrMovement.objects.filter(organization=organization)
    before = {"usd": 0, "eur": 0}
    for month in sorted(brought):
        for currency, amount in before.items():
            moved = rows.filter(month_on=month, currency=currency).aggregate(total=Sum("amount_minor"))["total"] or 0
            assert amount + moved == brought[month][currency]
        before = brought[month]
    latest = {step.subscription: step.status for step in steps}
    joined = rows.filter(kind__in=["new", "reactivation"]).count() - rows.filter(kind="churn").count()
    assert joined == bool(set(latest.values()) & {*COUNTED})
    assert [*mrr.misplaced(), *mrr.disagreements()] == []


def live_through(organization: Organization, steps: Sequence[Step], heard: Sequence[int]) -> dict[date, dict[str, int]]:
    """What the customer brings at the end of each month in which something was heard, as their rows say."""
    plan = make.plan(price_minor=2_900)
    prices = [
        price_of(plan),
        make.price(plan, interval=Price.Interval.YEAR, amount_minor=30_005),
        make.price(plan, currency="eur", amount_minor=2_500),
    ]
    moment, brought = START, {}
    for at in heard:
        step = steps[at]
        moment += timedelta(days=step.days)
        of = f"{step.subscription} {organization.pk}"
        with clocks.at(moment):
            record_purchase(
                read(prices[step.price], step.status, step.quantity, at=at, of=of), organization=organization
            )
        worths = [mrr.worth(row) for row in Subscription.objects.filter(organization=organization)]
        brought[month_of(moment)] = {
            currency: sum(each.get(currency, 0) for each in worths) for currency in ("usd", "eur")
        }
    return brought
