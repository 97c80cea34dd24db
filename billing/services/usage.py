"""Recording what was used.

A bucket is the state of one hour of one agent on one model. A later report of the same hour replaces it, so a report
may be sent again at any time. Usage is never refused for coming late: if the period that its hour counts in is
already closed, that period's frozen figures stay, and the difference is billed as an adjustment, on that period's own
terms, when the next one closes (docs/adr/0011).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from billing.models import BillingPeriod, Subscription, UsageBucket
from billing.services.periods import hour_of
from platform_core import clock
from platform_core.errors import InvalidInput
from platform_core.services import audit

MAX_BUCKETS = 1000
# A whole year of every agent's hours stays far below what a 64-bit sum can hold.
MAX_TOKENS = 10**12
MAX_COUNT = 2**31 - 1
CLOCK_SKEW = timedelta(minutes=5)
_TOKENS = ("tokens_input", "tokens_output", "tokens_cache_read", "tokens_cache_write", "claimed_cost_cents")
_COUNTS = ("web_search_count", "web_fetch_count")
_TEXTS = {"agent_code": 80, "model_name": 120}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# 004's word for each column, which is what a reporter knows it by.
_WIRE = {"agent_code": "agentId", "model_name": "model", "claimed_cost_cents": "costCents"}
_KEY = ("subscription", "source_id", "agent_code", "model_name", "bucket_hour")

Problem = tuple[str, str]


@dataclass(frozen=True)
class Bucket:
    """One hour of one agent on one model, as reported."""

    agent_code: str
    model_name: str
    bucket_hour: datetime
    tokens_input: int = 0
    tokens_output: int = 0
    tokens_cache_read: int = 0
    tokens_cache_write: int = 0
    web_search_count: int = 0
    web_fetch_count: int = 0
    claimed_cost_cents: int = 0

    @property
    def tokens_total(self) -> int:
        """What counts against the allotment."""
        return self.tokens_input + self.tokens_output + self.tokens_cache_read + self.tokens_cache_write


class Recorded(NamedTuple):
    """How many buckets were stored, and how many of them count in a period that had already closed."""

    stored: int
    late: int


@transaction.atomic
def record_buckets(
    subscription: Subscription,
    source_id: UUID,
    buckets: Sequence[Bucket],
    *,
    actor: tuple[str, str, str] | None = None,
) -> Recorded:
    """Store a report: all of it or, with a 400 that names each bad bucket, none. `actor` reports, for the audit."""
    # Recording and closing take turns on the subscription's row: a bucket is in the frozen figures, or it is late.
    subscription = Subscription.objects.select_for_update(of=("self",)).get(pk=subscription.pk)
    _validate(subscription, buckets)
    closed = _closed_periods(subscription, buckets)
    before = _tokens_of(closed)
    _upsert(subscription, source_id, buckets)
    after = _tokens_of(closed)
    for period in closed:
        if before[period.pk] != after[period.pk]:
            _mark_late(period, actor)
    return Recorded(
        len(buckets), sum(any(period.counts(bucket.bucket_hour) for period in closed) for bucket in buckets)
    )


def _validate(subscription: Subscription, buckets: Sequence[Bucket]) -> None:
    if not 1 <= len(buckets) <= MAX_BUCKETS:
        raise InvalidInput("The report is not valid.", details={"buckets": [f"Send 1 to {MAX_BUCKETS} buckets."]})
    details: dict[str, list[str]] = {}
    for index, (name, message) in _problems(subscription, buckets):
        details.setdefault(f"buckets.{index}.{_WIRE.get(name, name)}", []).append(message)
    if details:
        raise InvalidInput("The report is not valid.", details=details)


def _problems(subscription: Subscription, buckets: Sequence[Bucket]) -> Iterator[tuple[int, Problem]]:
    earliest, latest = _first_hour(subscription), clock.now() + CLOCK_SKEW
    seen: dict[tuple[str, str, datetime], int] = {}
    for index, bucket in enumerate(buckets):
        for problem in (*_text_problems(bucket), *_number_problems(bucket), *_hour_problems(bucket, earliest, latest)):
            yield index, problem
        first = seen.setdefault((bucket.agent_code, bucket.model_name, bucket.bucket_hour), index)
        if first != index:
            yield index, ("bucket_hour", f"The same agent, model and hour as bucket {first}.")


def _first_hour(subscription: Subscription) -> datetime:
    """The hour in which the subscription began."""
    first = subscription.periods.last()
    return first.usage_from if first else hour_of(subscription.current_period_start)


def _text_problems(bucket: Bucket) -> Iterator[Problem]:
    for name, longest in _TEXTS.items():
        text = getattr(bucket, name)
        if not text.strip() or len(text) > longest or _CONTROL.search(text):
            yield name, f"1 to {longest} characters, without control characters."


def _number_problems(bucket: Bucket) -> Iterator[Problem]:
    for names, largest in ((_TOKENS, MAX_TOKENS), (_COUNTS, MAX_COUNT)):
        for name in names:
            number = getattr(bucket, name)
            # A boolean is an int to Python, but it is not a count.
            if type(number) is not int or not 0 <= number <= largest:
                yield name, f"An integer from 0 to {largest}."


def _hour_problems(bucket: Bucket, earliest: datetime, latest: datetime) -> Iterator[Problem]:
    hour = bucket.bucket_hour
    if hour.tzinfo is None or hour != hour_of(hour.astimezone(UTC)):
        yield "bucket_hour", "A whole hour of UTC, such as 2026-03-15T14:00:00Z."
    elif hour > latest:
        yield "bucket_hour", "This hour has not begun."
    elif hour < earliest:
        yield "bucket_hour", "Before the subscription began."


def _upsert(subscription: Subscription, source_id: UUID, buckets: Iterable[Bucket]) -> None:
    now = clock.now()
    rows = [
        UsageBucket(
            organization_id=subscription.organization_id,
            subscription=subscription,
            source_id=source_id,
            reported_at=now,
            tokens_total=bucket.tokens_total,
            **vars(bucket),
        )
        for bucket in buckets
    ]
    replaced = [*_TOKENS, *_COUNTS, "tokens_total", "reported_at"]
    UsageBucket.objects.bulk_create(rows, update_conflicts=True, unique_fields=_KEY, update_fields=replaced)


def _closed_periods(subscription: Subscription, buckets: Sequence[Bucket]) -> list[BillingPeriod]:
    """The closed periods that a bucket of the report counts in."""
    hours = {bucket.bucket_hour for bucket in buckets}
    closed = subscription.periods.exclude(status=BillingPeriod.Status.OPEN)
    reached = closed.filter(usage_until__gt=min(hours)) | closed.filter(usage_until=None)
    return [period for period in reached if any(period.counts(hour) for hour in hours)]


def _tokens_of(periods: Sequence[BillingPeriod]) -> dict[UUID, int]:
    return {period.pk: UsageBucket.objects.counted_in(period).tokens() for period in periods}


def _mark_late(period: BillingPeriod, actor: tuple[str, str, str] | None) -> None:
    """A closed period is to be adjusted; it stays as it is otherwise."""
    period.late_usage_at = clock.now()
    period.save(update_fields=["late_usage_at"])
    audit.record("usage.late", period, by=None, actor=actor, changes={"late_usage_at": period.late_usage_at})
