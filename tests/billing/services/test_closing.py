"""Closing periods."""

from datetime import UTC, datetime

import pytest

from billing.models import BillingPeriod, InvoiceItem, Subscription
from billing.services import closing, rating
from billing.services.periods import mirror
from billing.services.usage import Bucket, record_buckets
from platform_core.models import AuditEvent
from tests import make
from tests.clocks import at

JANUARY, FEBRUARY, MARCH = (datetime(2026, number, 1, tzinfo=UTC) for number in (1, 2, 3))


def used(subscription: Subscription, tokens: int, hour: datetime = JANUARY) -> None:
    record_buckets(subscription, subscription.pk, [Bucket("sales", "claude", hour, tokens_input=tokens)])


def begun() -> Subscription:
    subscription = make.subscription()
    mirror(subscription)
    return subscription


def ended(subscription: Subscription) -> None:
    Subscription.objects.filter(pk=subscription.pk).update(status="canceled", ended_at=FEBRUARY)
    mirror(subscription)


def close(subscription: Subscription) -> BillingPeriod:
    period = subscription.periods.open().get()
    with at(period.ends_at):
        assert closing.close(period)
    period.refresh_from_db()
    return period


def test_closing_freezes_figures_terms_and_evidence() -> None:
    subscription = begun()
    with at(FEBRUARY):
        used(subscription, 1_500_000)

    period = close(subscription)

    assert (period.status, period.tokens_used, period.overage_tokens, period.overage_minor) == (
        "closed",
        1_500_000,
        500_000,
        1_000,
    )
    assert period.closed_at is not None
    assert period.invoiced_at is None
    assert period.evidence["rounding"] == "tier-half-up/1"
    assert period.evidence["usage"] == {"tokens": 1_500_000}
    assert [line["amount_minor"] for line in period.evidence["lines"]] == [2_900, 1_000]
    assert rating.verify(period) == []
    item = InvoiceItem.objects.get()
    assert (item.period, item.collected_with, item.kind) == (period, period, "overage")
    assert (item.quantity, item.unit_price_nano, item.amount_minor, item.currency) == (500_000, 2_000_000, 1_000, "usd")
    assert item.evidence == period.evidence
    assert item.idempotency_key == f"overage:{period.pk}"
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_type, event.changes) == (
        "billing_period.close",
        "system",
        {"used": 1_500_000, "beyond": 500_000, "overage_minor": 1_000},
    )


def test_a_period_that_owes_nothing_is_done_at_once() -> None:
    period = close(begun())

    assert (period.status, period.invoiced_at is not None) == ("invoiced", True)
    assert not InvoiceItem.objects.exists()


def test_overage_that_rounds_to_nothing_is_frozen_and_not_charged() -> None:
    subscription = begun()
    with at(FEBRUARY):
        used(subscription, 1_000_001)

    period = close(subscription)

    assert (period.overage_tokens, period.overage_minor, period.status) == (1, 0, "invoiced")
    assert not InvoiceItem.objects.exists()


def test_an_adjustment_names_the_period_it_is_for_and_the_one_it_is_collected_with() -> None:
    subscription = begun()
    january = close(subscription)
    Subscription.objects.filter(pk=subscription.pk).update(current_period_start=FEBRUARY, current_period_end=MARCH)
    mirror(subscription)
    with at(FEBRUARY):
        used(subscription, 1_500_000)
    february = close(subscription)

    item = InvoiceItem.objects.get()
    assert (item.kind, item.period, item.collected_with) == ("adjustment", january, february)
    assert (item.quantity, item.amount_minor) == (500_000, 1_000)
    assert item.idempotency_key == f"adjustment:{item.pk}"
    assert item.evidence["usage"] == {"tokens": 1_500_000}
    january.refresh_from_db()
    assert (january.tokens_used, january.status, january.late_usage_at) == (0, "invoiced", None)
    assert february.status == "closed"


@pytest.mark.parametrize("over", [False, True])
def test_only_a_subscription_that_is_over_is_settled_without_a_next_period(over: bool) -> None:
    subscription = begun()
    close(subscription)
    if over:
        ended(subscription)
    with at(FEBRUARY):
        used(subscription, 1_500_000)

    assert closing.settle(subscription) is over
    assert InvoiceItem.objects.exists() is over
    assert closing.settle(subscription) is False


def test_there_is_nothing_to_settle_before_the_last_period_is_closed() -> None:
    never, still = make.subscription(status="canceled"), begun()
    ended(still)

    assert not closing.settle(never)
    assert not closing.settle(still)


def test_late_usage_that_is_still_included_costs_nothing() -> None:
    subscription = begun()
    close(subscription)
    ended(subscription)
    with at(FEBRUARY):
        used(subscription, 999_999)

    assert not closing.settle(subscription)
    assert not BillingPeriod.objects.late().exists()
    assert subscription.periods.get().status == "invoiced"
