"""Recording usage."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.models import BillingPeriod, InvoiceItem, Subscription, UsageBucket
from billing.services import closing
from billing.services.periods import mirror
from billing.services.usage import MAX_TOKENS, Bucket, record_buckets
from platform_core.errors import InvalidInput
from platform_core.models import AuditEvent
from tests import make
from tests.clocks import at

HOUR = datetime(2026, 1, 15, 14, tzinfo=UTC)
NOON = datetime(2026, 1, 20, 12, tzinfo=UTC)
SOURCE = UUID("018f0000-0000-7000-8000-000000000001")


def bucket(hour: datetime = HOUR, **fields: Any) -> Bucket:
    """85,000 tokens of the marketing agent."""
    values: dict[str, Any] = {"agent_code": "marketing", "model_name": "deepseek/v3.2", "bucket_hour": hour}
    tokens = {"tokens_input": 45_000, "tokens_output": 12_000, "tokens_cache_read": 28_000, "claimed_cost_cents": 3}
    return Bucket(**values | tokens | fields)


def begun(**fields: Any) -> Subscription:
    """A subscription since the first of January with its period open."""
    subscription = make.subscription(**fields)
    mirror(subscription)
    return subscription


def refused(subscription: Subscription, *buckets: Bucket) -> dict[str, list[str]]:
    """What a report is refused for; nothing of it is stored."""
    before = UsageBucket.objects.count()
    with at(NOON), pytest.raises(InvalidInput) as refusal:
        record_buckets(subscription, SOURCE, buckets)
    assert UsageBucket.objects.count() == before
    return {name: list(messages) for name, messages in refusal.value.details.items()}


def test_a_bucket_is_stored_as_reported() -> None:
    subscription = begun()

    with at(NOON):
        recorded = record_buckets(subscription, SOURCE, [bucket(web_search_count=2, web_fetch_count=1)])

    assert recorded == (1, 0)
    row = UsageBucket.objects.get()
    assert (row.organization, row.subscription, row.source_id) == (subscription.organization, subscription, SOURCE)
    assert (row.agent_code, row.model_name, row.bucket_hour) == ("marketing", "deepseek/v3.2", HOUR)
    assert (row.tokens_input, row.tokens_output, row.tokens_cache_read, row.tokens_cache_write) == (
        45_000,
        12_000,
        28_000,
        0,
    )
    assert (row.tokens_total, row.web_search_count, row.web_fetch_count, row.claimed_cost_cents) == (85_000, 2, 1, 3)
    assert not AuditEvent.objects.exists()


def test_a_report_sent_twice_counts_once() -> None:
    subscription = begun()

    with at(NOON):
        record_buckets(subscription, SOURCE, [bucket()])
        record_buckets(subscription, SOURCE, [bucket()])

    assert UsageBucket.objects.get().tokens_total == 85_000


def test_a_later_report_of_the_same_hour_replaces() -> None:
    subscription = begun()

    with at(NOON):
        record_buckets(subscription, SOURCE, [bucket(web_search_count=9)])
        first = UsageBucket.objects.get()
        record_buckets(subscription, SOURCE, [bucket(tokens_input=50_000, tokens_output=0)])

    row = UsageBucket.objects.get()
    assert (row.pk, row.tokens_input, row.tokens_output, row.tokens_total, row.web_search_count) == (
        first.pk,
        50_000,
        0,
        78_000,
        0,
    )
    assert row.reported_at > first.reported_at


@pytest.mark.parametrize(
    "other",
    [{"agent_code": "sales"}, {"model_name": "other"}, {"bucket_hour": HOUR + timedelta(hours=1)}],
)
def test_another_agent_model_or_hour_is_another_bucket(other: dict[str, Any]) -> None:
    subscription = begun()

    with at(NOON):
        record_buckets(subscription, SOURCE, [bucket(), replace(bucket(), **other)])
        record_buckets(subscription, uuid4(), [bucket()])

    assert UsageBucket.objects.count() == 3


def test_two_subscriptions_never_share_a_bucket() -> None:
    mine, theirs = begun(), begun()

    with at(NOON):
        record_buckets(mine, SOURCE, [bucket()])
        record_buckets(theirs, SOURCE, [bucket(tokens_input=0)])

    assert mine.usage_buckets.get().tokens_total == 85_000
    assert theirs.usage_buckets.get().tokens_total == 40_000


def test_an_hour_may_be_written_in_another_zone() -> None:
    subscription = begun()

    with at(NOON):
        record_buckets(subscription, SOURCE, [bucket(HOUR.astimezone(timezone(timedelta(hours=2))))])

    assert UsageBucket.objects.get().bucket_hour == HOUR


@pytest.mark.parametrize(
    "hour",
    [
        HOUR.replace(minute=30),
        HOUR.replace(second=1),
        HOUR.replace(microsecond=1),
        HOUR.replace(tzinfo=None),
        HOUR.replace(tzinfo=timezone(timedelta(hours=5, minutes=30))),
    ],
)
def test_only_whole_hours_of_utc(hour: datetime) -> None:
    assert refused(begun(), bucket(hour)) == {
        "buckets.0.bucket_hour": ["A whole hour of UTC, such as 2026-03-15T14:00:00Z."]
    }


def test_an_hour_that_has_not_begun_is_refused_but_for_a_clock_that_runs_ahead() -> None:
    subscription = begun()
    coming = NOON + timedelta(hours=1)

    assert refused(subscription, bucket(coming)) == {"buckets.0.bucket_hour": ["This hour has not begun."]}
    with at(coming - timedelta(minutes=4, seconds=50)):
        assert record_buckets(subscription, SOURCE, [bucket(coming)]).stored == 1


def test_nothing_was_used_before_the_subscription_began() -> None:
    subscription = begun(current_period_start=datetime(2026, 1, 10, 9, 30, tzinfo=UTC))

    assert refused(subscription, bucket(datetime(2026, 1, 10, 8, tzinfo=UTC))) == {
        "buckets.0.bucket_hour": ["Before the subscription began."]
    }
    with at(NOON):
        assert record_buckets(subscription, SOURCE, [bucket(datetime(2026, 1, 10, 9, tzinfo=UTC))]).stored == 1


def test_usage_may_come_before_the_first_period_is_open() -> None:
    with at(NOON):
        assert record_buckets(make.subscription(), SOURCE, [bucket()]) == (1, 0)


@pytest.mark.parametrize(
    ("name", "wire", "wrong"),
    [
        ("tokens_input", "tokens_input", -1),
        ("tokens_output", "tokens_output", MAX_TOKENS + 1),
        ("tokens_cache_read", "tokens_cache_read", 1.5),
        ("tokens_cache_write", "tokens_cache_write", True),
        ("claimed_cost_cents", "costCents", "3"),
        ("web_search_count", "web_search_count", 2**31),
    ],
)
def test_only_integers_that_can_be_added_up(name: str, wire: str, wrong: Any) -> None:
    (field,) = refused(begun(), bucket(), replace(bucket(agent_code="sales"), **{name: wrong}))

    assert field == f"buckets.1.{wire}"


@pytest.mark.parametrize(
    ("name", "wire", "wrong"),
    [
        ("agent_code", "agentId", ""),
        ("agent_code", "agentId", "x" * 81),
        ("model_name", "model", "  "),
        ("model_name", "model", "gpt\x00"),
    ],
)
def test_agents_and_models_have_names(name: str, wire: str, wrong: Any) -> None:
    (field,) = refused(begun(), replace(bucket(), **{name: wrong}))

    assert field == f"buckets.0.{wire}"


def test_the_same_bucket_twice_in_one_report_is_refused_by_its_index() -> None:
    assert refused(begun(), bucket(), bucket(agent_code="sales"), bucket(tokens_input=1)) == {
        "buckets.2.bucket_hour": ["The same agent, model and hour as bucket 0."]
    }


def test_every_bad_bucket_is_named() -> None:
    found = refused(begun(), bucket(tokens_input=-1), bucket(HOUR.replace(minute=1)))

    assert set(found) == {"buckets.0.tokens_input", "buckets.1.bucket_hour"}


def test_a_report_holds_one_to_a_thousand_buckets() -> None:
    subscription = begun()
    hours = [bucket(datetime(2026, 1, 2, tzinfo=UTC), agent_code=f"agent-{number}") for number in range(1_001)]

    assert refused(subscription) == {"buckets": ["Send 1 to 1000 buckets."]}
    assert refused(subscription, *hours) == {"buckets": ["Send 1 to 1000 buckets."]}
    with at(NOON):
        assert record_buckets(subscription, SOURCE, hours[:1_000]).stored == 1_000
    assert UsageBucket.objects.count() == 1_000


FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC)


def closed() -> Subscription:
    """January closed with a million and a half tokens, a million of them included; February open."""
    subscription = begun()
    with at(FEBRUARY):
        record_buckets(subscription, SOURCE, [bucket(tokens_input=1_460_000)])
        Subscription.objects.filter(pk=subscription.pk).update(
            current_period_start=FEBRUARY, current_period_end=datetime(2026, 3, 1, tzinfo=UTC)
        )
        closing.close(subscription.periods.get())
    return subscription


def test_late_usage_leaves_the_closed_figures_and_is_noted() -> None:
    subscription = closed()
    with at(FEBRUARY + timedelta(hours=1)):
        recorded = record_buckets(
            subscription, SOURCE, [bucket(tokens_input=1_560_000)], actor=("server", "42", "bakery.test")
        )

    january = subscription.periods.get(starts_at__lt=FEBRUARY)
    assert recorded == (1, 1)
    assert (january.tokens_used, january.overage_tokens, january.overage_minor) == (1_500_000, 500_000, 1_000)
    assert january.late_usage_at is not None
    event = AuditEvent.objects.get(action="usage.late")
    assert (event.actor_type, event.actor_id, event.target_id) == ("server", "42", str(january.pk))


def test_the_same_report_again_after_the_close_is_not_late() -> None:
    subscription = closed()

    with at(FEBRUARY + timedelta(hours=1)):
        assert record_buckets(subscription, SOURCE, [bucket(tokens_input=1_460_000)]) == (1, 1)

    assert not BillingPeriod.objects.late().exists()
    assert not AuditEvent.objects.filter(action="usage.late").exists()


def test_usage_of_the_open_period_is_not_late() -> None:
    subscription = closed()

    with at(FEBRUARY + timedelta(hours=2)):
        assert record_buckets(subscription, SOURCE, [bucket(FEBRUARY)]) == (1, 0)

    assert not BillingPeriod.objects.late().exists()


def test_usage_after_the_end_counts_in_the_last_period() -> None:
    subscription = begun()
    ended = datetime(2026, 1, 16, 9, 30, tzinfo=UTC)
    Subscription.objects.filter(pk=subscription.pk).update(status="canceled", ended_at=ended)
    mirror(subscription)
    with at(datetime(2026, 1, 17, tzinfo=UTC)):
        closing.close(subscription.periods.get())
    with at(NOON):
        assert record_buckets(subscription, SOURCE, [bucket(datetime(2026, 1, 18, tzinfo=UTC))]) == (1, 1)

    assert BillingPeriod.objects.late().get().subscription == subscription


def test_usage_that_came_before_the_end_was_known_is_not_lost() -> None:
    subscription = begun()
    with at(FEBRUARY):
        closing.close(subscription.periods.get())
    with at(FEBRUARY + timedelta(hours=3)):
        assert record_buckets(subscription, SOURCE, [bucket(FEBRUARY + timedelta(hours=1))]) == (1, 0)
        Subscription.objects.filter(pk=subscription.pk).update(status="canceled", ended_at=FEBRUARY)
        mirror(subscription)

    assert BillingPeriod.objects.late().get().usage_until is None


def test_an_end_without_later_usage_leaves_nothing_to_adjust() -> None:
    subscription = begun()
    with at(FEBRUARY):
        closing.close(subscription.periods.get())
        Subscription.objects.filter(pk=subscription.pk).update(status="canceled", ended_at=FEBRUARY)
        mirror(subscription)

    assert not BillingPeriod.objects.late().exists()


reports = st.lists(
    st.tuples(st.integers(0, 24 * 62 - 1), st.sampled_from(["a", "b"]), st.integers(0, 3_000_000)),
    min_size=1,
    max_size=8,
)


@given(reports, st.randoms(use_true_random=False))
def test_whatever_comes_when_each_token_is_billed_once(
    told: list[tuple[int, str, int]], shuffle: random.Random
) -> None:
    """Reports in any order, repeated, before and after each close: the items add up to what the buckets cost."""
    InvoiceItem.objects.all().delete()
    BillingPeriod.objects.all().delete()
    UsageBucket.objects.all().delete()
    subscription = begun()
    start = datetime(2026, 1, 1, tzinfo=UTC)
    late_in_march = datetime(2026, 3, 20, tzinfo=UTC)
    told = told + told[::2]
    shuffle.shuffle(told)
    closes = {len(told) // 3: (2, 3), 2 * len(told) // 3: (3, 4)}

    with at(late_in_march):
        for position, (hours, agent, tokens) in enumerate(told):
            if position in closes:
                month, following = closes[position]
                Subscription.objects.filter(pk=subscription.pk).update(
                    current_period_start=start.replace(month=month), current_period_end=start.replace(month=following)
                )
                closing.close(subscription.periods.open().get())
                mirror(subscription)
            reported = Bucket(agent, "m", start + timedelta(hours=hours), tokens_input=tokens)
            record_buckets(subscription, SOURCE, [reported])
    Subscription.objects.filter(pk=subscription.pk).update(
        current_period_start=start.replace(month=4), current_period_end=start.replace(month=5)
    )
    with at(datetime(2026, 4, 2, tzinfo=UTC)):
        mirror(subscription)
        while period := subscription.periods.ended(closing.closable_by()).first():
            closing.close(period)

    assert not BillingPeriod.objects.late().exists()
    for period in subscription.periods.exclude(status="open"):
        used = UsageBucket.objects.counted_in(period).tokens()
        beyond = max(0, used - 1_000_000)
        billed = InvoiceItem.objects.filter(period=period).values_list("amount_minor", flat=True)
        assert sum(billed) == (beyond * 2 + 500) // 1_000
