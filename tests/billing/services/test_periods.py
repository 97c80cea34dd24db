"""The periods of a subscription."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing.models import BillingPeriod, Price, Subscription
from billing.services import closing, periods, prices, versions
from billing.services.periods import add_months, mirror, period_at, period_of_hour, renewals
from tests import make
from tests.clocks import at


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def renewed(subscription: Subscription, start: datetime, end: datetime, **changes: Any) -> Subscription:
    """The provider tells of a later state."""
    Subscription.objects.filter(pk=subscription.pk).update(
        current_period_start=start, current_period_end=end, **changes
    )
    subscription.refresh_from_db()
    mirror(subscription)
    return subscription


def close_at(subscription: Subscription, moment: datetime) -> bool:
    with at(moment):
        period = subscription.periods.open().get()
        return closing.close(period)


def windows(subscription: Subscription) -> list[tuple[datetime, datetime, str]]:
    return [(one.starts_at, one.ends_at, one.status) for one in subscription.periods.order_by("starts_at")]


@pytest.mark.parametrize(
    ("anchor", "months", "expected"),
    [
        (utc(2026, 1, 31), 1, utc(2026, 2, 28)),
        (utc(2026, 1, 31), 2, utc(2026, 3, 31)),
        (utc(2028, 1, 31), 1, utc(2028, 2, 29)),
        (utc(2028, 2, 29), 12, utc(2029, 2, 28)),
        (utc(2028, 2, 29), 48, utc(2032, 2, 29)),
        (utc(2026, 12, 31, 23, 59, 59), 1, utc(2027, 1, 31, 23, 59, 59)),
        (utc(2026, 11, 30), 3, utc(2027, 2, 28)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_months_last(anchor: datetime, months: int, expected: datetime) -> None:
    assert add_months(anchor, months) == expected


def test_a_short_month_does_not_shorten_the_ones_after_it() -> None:
    found = renewals(utc(2028, 1, 31, 12), Price.Interval.MONTH)

    assert [next(found) for _ in range(4)] == [
        utc(2028, 2, 29, 12),
        utc(2028, 3, 31, 12),
        utc(2028, 4, 30, 12),
        utc(2028, 5, 31, 12),
    ]


def test_a_leap_day_is_an_anniversary_in_leap_years_only() -> None:
    found = renewals(utc(2028, 2, 29), Price.Interval.YEAR)

    assert [next(found) for _ in range(4)] == [utc(2029, 2, 28), utc(2030, 2, 28), utc(2031, 2, 28), utc(2032, 2, 29)]


def test_the_first_period_is_the_providers_and_has_the_hour_it_began_in() -> None:
    subscription = make.subscription(
        current_period_start=utc(2026, 3, 1, 14, 23, 7), current_period_end=utc(2026, 4, 1, 14, 23, 7)
    )

    period = mirror(subscription)

    assert period is not None
    assert (period.starts_at, period.ends_at) == (utc(2026, 3, 1, 14, 23, 7), utc(2026, 4, 1, 14, 23, 7))
    assert (period.usage_from, period.usage_until) == (utc(2026, 3, 1, 14), utc(2026, 4, 1, 14))
    assert (period.base_unit_minor, period.token_allotment, period.unit_price_nano) == (2_900, 1_000_000, 2_000_000)
    assert (period.organization_id, period.currency, period.status) == (subscription.organization_id, "usd", "open")


def test_mirroring_again_changes_nothing() -> None:
    subscription = make.subscription()

    assert mirror(subscription) == mirror(subscription)
    assert BillingPeriod.objects.count() == 1


@pytest.mark.parametrize("status", ["incomplete", "incomplete_expired", "canceled"])
def test_nothing_is_metered_before_the_first_payment_or_after_the_end(status: str) -> None:
    assert mirror(make.subscription(status=status)) is None
    assert not BillingPeriod.objects.exists()


def test_a_renewal_waits_for_the_period_before_it_to_close() -> None:
    subscription = make.subscription()
    mirror(subscription)

    renewed(subscription, utc(2026, 2, 1), utc(2026, 3, 1))
    assert windows(subscription) == [(utc(2026, 1, 1), utc(2026, 2, 1), "open")]

    assert close_at(subscription, utc(2026, 2, 1))
    assert windows(subscription) == [
        (utc(2026, 1, 1), utc(2026, 2, 1), "invoiced"),
        (utc(2026, 2, 1), utc(2026, 3, 1), "open"),
    ]


def test_a_period_that_closed_before_its_renewal_was_known_is_followed_when_it_is() -> None:
    subscription = make.subscription()
    mirror(subscription)

    assert close_at(subscription, utc(2026, 2, 1))
    assert not subscription.periods.open().exists()

    renewed(subscription, utc(2026, 2, 1), utc(2026, 3, 1))
    assert windows(subscription)[1] == (utc(2026, 2, 1), utc(2026, 3, 1), "open")


def test_renewals_that_were_missed_become_periods_of_their_own() -> None:
    subscription = make.subscription(current_period_start=utc(2026, 1, 31), current_period_end=utc(2026, 2, 28))
    mirror(subscription)
    renewed(subscription, utc(2026, 4, 30), utc(2026, 5, 31))

    with at(utc(2026, 5, 1)):
        while period := subscription.periods.ended(closing.closable_by()).first():
            closing.close(period)

    assert [(start, end) for start, end, _ in windows(subscription)] == [
        (utc(2026, 1, 31), utc(2026, 2, 28)),
        (utc(2026, 2, 28), utc(2026, 3, 31)),
        (utc(2026, 3, 31), utc(2026, 4, 30)),
        (utc(2026, 4, 30), utc(2026, 5, 31)),
    ]
    assert subscription.periods.open().count() == 1


def test_periods_share_out_every_hour_once() -> None:
    subscription = make.subscription(
        current_period_start=utc(2026, 1, 31, 9, 30), current_period_end=utc(2026, 2, 28, 9, 30)
    )
    mirror(subscription)
    renewed(subscription, utc(2026, 2, 28, 9, 30), utc(2026, 3, 31, 9, 30))
    close_at(subscription, utc(2026, 2, 28, 10))

    first, second = subscription.periods.order_by("starts_at")
    assert first.usage_until == second.usage_from == utc(2026, 2, 28, 9)
    assert period_of_hour(subscription, utc(2026, 2, 28, 8)) == first
    assert period_of_hour(subscription, utc(2026, 2, 28, 9)) == second  # it ends half an hour after the renewal
    assert period_of_hour(subscription, utc(2026, 1, 31, 9)) == first
    assert period_of_hour(subscription, utc(2026, 1, 31, 8)) is None
    assert period_of_hour(subscription, utc(2026, 4, 1)) is None


def test_the_period_of_a_moment_includes_its_beginning_and_not_its_end() -> None:
    subscription = make.subscription()
    period = mirror(subscription)

    assert period_at(subscription, utc(2026, 1, 1)) == period
    assert period_at(subscription, utc(2026, 2, 1) - timedelta(microseconds=1)) == period
    assert period_at(subscription, utc(2026, 2, 1)) is None
    assert period_at(subscription, utc(2025, 12, 31, 23)) is None


@pytest.mark.parametrize("day", [utc(2026, 3, 29), utc(2026, 10, 25), utc(2026, 3, 8), utc(2026, 11, 1)])
def test_days_on_which_clocks_change_elsewhere_have_24_hours(day: datetime) -> None:
    subscription = make.subscription(current_period_start=day, current_period_end=day + timedelta(days=1))

    period = mirror(subscription)

    assert period is not None
    assert period.usage_until is not None
    assert period.usage_until - period.usage_from == timedelta(hours=24)


def test_a_new_price_list_does_not_reach_back_into_the_open_period() -> None:
    subscription = make.subscription()
    mirror(subscription)
    prices.replace(subscription.plan.prices.get(kind=Price.Kind.OVERAGE), by=None, unit_price_nano=9)
    versions.revise(subscription.plan, by=None, token_allotment=5)

    period = mirror(subscription)

    assert period is not None
    assert (period.token_allotment, period.unit_price_nano) == (1_000_000, 2_000_000)


def test_a_changed_plan_changes_the_open_periods_terms() -> None:
    subscription = make.subscription()
    mirror(subscription)
    larger = make.hosting_plan(token_allotment=9_000_000, price_minor=9_900)
    recurring = larger.prices.get(kind=Price.Kind.RECURRING)
    renewed(
        subscription,
        utc(2026, 1, 1),
        utc(2026, 2, 1),
        plan=larger,
        plan_version=larger.current,
        price=recurring,
        quantity=2,
    )

    period = subscription.periods.get()

    assert (period.price, period.quantity, period.base_unit_minor) == (recurring, 2, 9_900)
    assert period.token_allotment == 18_000_000


def test_a_plan_changed_with_a_new_period_ends_the_old_one_on_its_own_terms() -> None:
    subscription = make.subscription()
    mirror(subscription)
    larger = make.hosting_plan(token_allotment=9_000_000, price_minor=9_900)
    recurring = larger.prices.get(kind=Price.Kind.RECURRING)
    renewed(
        subscription,
        utc(2026, 1, 20, 8),
        utc(2026, 2, 20, 8),
        plan=larger,
        plan_version=larger.current,
        price=recurring,
    )

    close_at(subscription, utc(2026, 1, 20, 8))

    old, new = subscription.periods.order_by("starts_at")
    assert (old.ends_at, old.token_allotment) == (utc(2026, 1, 20, 8), 1_000_000)
    assert (new.starts_at, new.ends_at, new.token_allotment) == (utc(2026, 1, 20, 8), utc(2026, 2, 20, 8), 9_000_000)


def test_the_overage_price_of_the_subscriptions_own_interval_is_taken() -> None:
    subscription = make.subscription()
    make.price(
        subscription.plan,
        kind=Price.Kind.OVERAGE,
        interval=Price.Interval.YEAR,
        amount_minor=None,
        unit_price_nano=1,
    )

    assert periods.agreed(subscription, utc(2026, 1, 1)).unit_price_nano == 2_000_000


def test_without_a_price_for_them_tokens_beyond_cost_nothing() -> None:
    subscription = make.subscription(plan=make.plan())

    terms = periods.agreed(subscription, utc(2026, 1, 1))

    assert (terms.token_allotment, terms.unit_price_nano) == (None, None)


def test_a_subscription_ended_at_once_ends_its_period_there() -> None:
    subscription = make.subscription()
    mirror(subscription)
    renewed(subscription, utc(2026, 1, 1), utc(2026, 2, 1), status="canceled", ended_at=utc(2026, 1, 10, 9, 30))

    period = subscription.periods.get()

    assert (period.ends_at, period.usage_until, period.status) == (utc(2026, 1, 10, 9, 30), None, "open")
    assert close_at(subscription, utc(2026, 1, 10, 10))
    assert mirror(subscription) is None
    assert subscription.periods.count() == 1


def test_a_subscription_ended_as_it_began_has_a_period_that_can_close() -> None:
    subscription = make.subscription()
    mirror(subscription)
    renewed(subscription, utc(2026, 1, 1), utc(2026, 2, 1), status="canceled", ended_at=utc(2026, 1, 1))

    assert subscription.periods.get().ends_at == utc(2026, 1, 1, 0, 0, 1)


def test_a_subscription_ended_with_its_period_leaves_it_whole() -> None:
    subscription = make.subscription()
    mirror(subscription)
    renewed(subscription, utc(2026, 1, 1), utc(2026, 2, 1), status="canceled", ended_at=utc(2026, 2, 1))

    assert subscription.periods.get().ends_at == utc(2026, 2, 1)


def test_an_earlier_state_moves_nothing_back() -> None:
    subscription = make.subscription()
    mirror(subscription)
    renewed(subscription, utc(2025, 12, 1), utc(2026, 1, 1))

    assert windows(subscription) == [(utc(2026, 1, 1), utc(2026, 2, 1), "open")]


def test_before_its_end_a_period_does_not_close() -> None:
    subscription = make.subscription()
    period = mirror(subscription)
    assert period is not None

    with at(utc(2026, 2, 1) - timedelta(minutes=1)):
        assert not closing.close(period)
    with at(utc(2026, 2, 1)):
        assert closing.close(period)
        assert not closing.close(period)
