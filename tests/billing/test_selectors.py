"""Reads for screens and reports."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from pytest_django import DjangoAssertNumQueries

from billing import selectors
from billing.models import BillingPeriod, Price, Subscription
from billing.selectors import UsageShare, UsageStep
from billing.services.periods import mirror
from billing.services.usage import Bucket, record_buckets
from tests import make
from tests.clocks import at

SOURCE = UUID("018f0000-0000-7000-8000-000000000001")


def january(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, tzinfo=UTC)


def used(subscription: Subscription, *buckets: tuple[datetime, str, str, int]) -> None:
    with at(datetime(2026, 3, 1, tzinfo=UTC)):
        told = [Bucket(agent, model, hour, tokens_input=tokens) for hour, agent, model, tokens in buckets]
        record_buckets(subscription, SOURCE, told)


def opened(**fields: object) -> BillingPeriod:
    period = mirror(make.subscription(**fields))  # type: ignore[arg-type]
    assert period is not None
    return period


def test_usage_against_the_allotment(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    period = opened()
    used(
        period.subscription,
        (january(1, 3), "sales", "small", 200_000),
        (january(1, 4), "sales", "large", 300_000),
        (january(3, 23), "marketing", "small", 750_000),
    )

    with at(january(4, 12)), django_assert_num_queries(3):
        summary = selectors.usage_summary(period)

    assert (summary.starts_at, summary.ends_at) == (january(1), datetime(2026, 2, 1, tzinfo=UTC))
    assert (summary.used, summary.allotment, summary.beyond, summary.remaining, summary.percent) == (
        1_250_000,
        1_000_000,
        250_000,
        0,
        125,
    )
    assert summary.days == (
        UsageStep(date(2026, 1, 1), 500_000),
        UsageStep(date(2026, 1, 2), 0),
        UsageStep(date(2026, 1, 3), 750_000),
        UsageStep(date(2026, 1, 4), 0),
    )
    assert summary.agents == (UsageShare("marketing", 750_000), UsageShare("sales", 500_000))
    assert summary.models == (UsageShare("small", 950_000), UsageShare("large", 300_000))


def test_usage_of_a_period_without_any() -> None:
    with at(january(2)):
        summary = selectors.usage_summary(opened())

    assert (summary.used, summary.beyond, summary.remaining, summary.percent) == (0, 0, 1_000_000, 0)
    assert summary.days == (UsageStep(date(2026, 1, 1), 0), UsageStep(date(2026, 1, 2), 0))
    assert summary.agents == summary.models == ()


def test_a_plan_without_tokens_has_nothing_to_go_beyond() -> None:
    period = opened(plan=make.plan())
    used(period.subscription, (january(1), "sales", "small", 5))

    summary = selectors.usage_summary(period)

    assert (summary.used, summary.beyond, summary.remaining, summary.percent) == (5, 0, 0, 0)


def test_a_period_that_is_over_shows_all_of_its_days_and_no_more() -> None:
    with at(datetime(2026, 3, 5, tzinfo=UTC)):
        days = selectors.usage_summary(opened()).days

    assert (days[0].start, days[-1].start, len(days)) == (date(2026, 1, 1), date(2026, 1, 31), 31)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("day", [(date(2026, 1, 4), 1), (date(2026, 1, 5), 6), (date(2026, 2, 1), 8)]),
        ("week", [(date(2025, 12, 29), 1), (date(2026, 1, 5), 6), (date(2026, 1, 26), 8)]),
        ("month", [(date(2026, 1, 1), 7), (date(2026, 2, 1), 8)]),
    ],
)
def test_usage_by_day_week_and_month(step: str, expected: list[tuple[date, int]]) -> None:
    subscription = opened().subscription
    used(
        subscription,
        (january(4, 23), "a", "m", 1),
        (january(5, 0), "a", "m", 2),
        (january(5, 0), "b", "m", 4),
        (datetime(2026, 2, 1, tzinfo=UTC), "a", "m", 8),
    )

    series = selectors.usage_series(subscription, step, since=january(1))

    assert [(one.start, one.tokens) for one in series] == expected


def test_usage_before_the_beginning_of_a_series_is_left_out() -> None:
    subscription = opened().subscription
    used(subscription, (january(4), "a", "m", 1), (january(6), "a", "m", 2))

    assert selectors.usage_series(subscription, "day", since=january(5)) == (UsageStep(date(2026, 1, 6), 2),)


def test_the_subscription_to_show_is_live_then_metered_then_the_newest() -> None:
    organization = make.organization()
    metered = make.subscription(organization)
    make.subscription(organization, make.plan())
    make.subscription(organization, status="canceled")

    assert selectors.metered_subscription(Subscription.objects.all()) == metered
    newest = make.subscription(organization)
    assert selectors.metered_subscription(Subscription.objects.all()) == newest
    assert selectors.metered_subscription(Subscription.objects.none()) is None


def test_the_period_to_show_is_the_latest() -> None:
    subscription = make.subscription()
    assert selectors.latest_period(subscription) is None

    assert mirror(subscription) == selectors.latest_period(subscription)


def test_revenue_counts_live_subscriptions_by_the_month(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    plan = make.plan(price_minor=2_900)
    make.subscription(plan=plan, quantity=3)
    make.subscription(plan=plan, status="past_due")
    make.subscription(plan=plan, status="canceled")
    yearly, euros = make.plan(price_minor=None), make.plan(price_minor=None)
    make.price(yearly, interval=Price.Interval.YEAR, amount_minor=30_005)
    make.price(euros, currency="eur", amount_minor=1_000)
    make.subscription(plan=yearly)
    make.subscription(plan=euros)

    with django_assert_num_queries(2):
        revenue = selectors.revenue_summary()

    assert revenue.subscription_count == 4
    # Three and one at 29.00, and a twelfth of 300.05: 25.004.
    assert revenue.mrr_minor == {"eur": 1_000, "usd": 14_100}


def test_without_subscriptions_there_is_no_revenue() -> None:
    revenue = selectors.revenue_summary()

    assert (revenue.subscription_count, revenue.mrr_minor) == (0, {})
