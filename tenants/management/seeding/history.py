"""A past for the demo company: hours of use, and the days in which they happened."""

import math
from datetime import datetime, timedelta

from billing.models import BillingPeriod, UsageBucket
from billing.providers.sandbox import clock as sandbox_clock
from billing.services.usage import MAX_BUCKETS, Bucket, record_buckets
from platform_core import clock
from tenants.models import Order

DAYS = 11
# Agents and the share of an organization's tokens that each uses, on which model.
AGENTS = (
    ("dispatcher", "anthropic/claude-haiku-4.5", 20),
    ("marketing", "deepseek/deepseek-v3.2", 35),
    ("sales", "deepseek/deepseek-v3.2", 30),
    ("it-admin", "anthropic/claude-sonnet-4.5", 15),
)
HOUR = timedelta(hours=1)


def live_through(orders: dict[Order, int]) -> int:
    """Fill each order's present period with hours of use up to now (`orders`: tokens in a busy hour); gives how many.

    The first time there is no past to fill, so the sandbox's clock is advanced to make one.
    """
    if not UsageBucket.objects.exists():
        sandbox_clock.advance(by=timedelta(days=DAYS))
    return sum(_fill(order, tokens_per_hour) for order, tokens_per_hour in orders.items())


def _fill(order: Order, tokens_per_hour: int) -> int:
    period = BillingPeriod.objects.get(subscription=order.subscription, status=BillingPeriod.Status.OPEN)
    known = set(UsageBucket.objects.filter(source_id=order.pk).values_list("bucket_hour", flat=True))
    hours = [hour for hour in _hours(period) if hour not in known]
    buckets = [bucket for hour in hours for bucket in _hour(hour, tokens_per_hour)]
    for first in range(0, len(buckets), MAX_BUCKETS):
        record_buckets(order.subscription, order.pk, buckets[first : first + MAX_BUCKETS])
    return len(hours)


def _hours(period: BillingPeriod) -> list[datetime]:
    """The whole hours of a period that are over."""
    end = min(clock.now(), period.ends_at) - HOUR
    count = max(0, (end - period.usage_from) // HOUR + 1)
    return [period.usage_from + number * HOUR for number in range(count)]


def _hour(hour: datetime, tokens_per_hour: int) -> list[Bucket]:
    total = tokens_per_hour * _busyness(hour) // 100
    return [_bucket(hour, agent, model, total * share // 100) for agent, model, share in AGENTS]


def _busyness(hour: datetime) -> int:
    """Per cent of a busy hour: days have a noon, weeks an end, and no two days are alike."""
    daily = 55 + 45 * math.sin((hour.hour - 7) / 24 * 2 * math.pi)
    weekend = 0.35 if hour.weekday() >= 5 else 1.0  # noqa: PLR2004 - Saturday
    mood = 0.8 + 0.05 * (hour.toordinal() * 7 % 9)
    return round(daily * weekend * mood)


def _bucket(hour: datetime, agent: str, model: str, tokens: int) -> Bucket:
    output = tokens * 22 // 100
    cached = tokens * 30 // 100
    return Bucket(
        agent, model, hour, tokens_input=tokens - output - cached, tokens_output=output, tokens_cache_read=cached
    )
