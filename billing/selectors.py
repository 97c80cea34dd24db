"""Reads across billing's models, for screens and reports."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Case, Count, IntegerField, Min, QuerySet, Sum, When
from django.db.models.functions import TruncDay, TruncMonth, TruncWeek

from billing.models import BillingPeriod, MrrMovement, ReconciliationFinding, Subscription, UsageBucket
from platform_core import clock
from platform_core.models import ProviderCursor, ProviderEvent

# The cursor of the look at the provider's own list of events.
GAPS = "events"
# So long nothing waits that has anybody to act upon it.
LONG_WAIT = timedelta(minutes=10)
STEPS = {"day": TruncDay, "week": TruncWeek, "month": TruncMonth}


@dataclass(frozen=True)
class UsageShare:
    """What one agent, or one model, used."""

    name: str
    tokens: int


@dataclass(frozen=True)
class UsageStep:
    """What was used in the day, week or month that begins then."""

    start: date
    tokens: int


@dataclass(frozen=True)
class UsageSummary:
    """Usage against allotment in one period, as reported so far."""

    starts_at: datetime
    ends_at: datetime
    # None: tokens are no part of the plan.
    allotment: int | None
    used: int
    days: tuple[UsageStep, ...]
    agents: tuple[UsageShare, ...]
    models: tuple[UsageShare, ...]

    @property
    def beyond(self) -> int:
        """Tokens beyond the allotment."""
        return 0 if self.allotment is None else max(0, self.used - self.allotment)

    @property
    def remaining(self) -> int:
        """Tokens that are still included."""
        return 0 if self.allotment is None else max(0, self.allotment - self.used)

    @property
    def percent(self) -> int:
        """How much of the allotment is used, rounded down; over 100 where more was used than is included."""
        return self.used * 100 // self.allotment if self.allotment else 0


@dataclass(frozen=True)
class RevenueSummary:
    """How many subscriptions give access now, and what they bring a month in each currency, before tax and overage."""

    subscription_count: int
    mrr_minor: Mapping[str, int]


def metered_subscription(subscriptions: QuerySet[Subscription]) -> Subscription | None:
    """The one whose usage to show: live before ended, metered before not, then the newest."""
    alive = Case(When(status__in=Subscription.LIVE, then=0), default=1, output_field=IntegerField())
    metered = Case(When(plan_version__token_allotment=None, then=1), default=0, output_field=IntegerField())
    return subscriptions.select_related("plan", "price").order_by(alive, metered, "-created_at", "-pk").first()


def latest_period(subscription: Subscription) -> BillingPeriod | None:
    """The period in hand; after the end, the last one."""
    return subscription.periods.first()


def usage_summary(period: BillingPeriod) -> UsageSummary:
    """What a period holds so far: by day, by agent and by model, the greatest first."""
    buckets = UsageBucket.objects.counted_in(period)
    agents = _shares(buckets, "agent_code")
    return UsageSummary(
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        allotment=period.token_allotment,
        used=sum(share.tokens for share in agents),
        days=_every_day(period, _steps(buckets, "day")),
        agents=agents,
        models=_shares(buckets, "model_name"),
    )


def usage_series(subscription: Subscription, step: str, *, since: datetime) -> tuple[UsageStep, ...]:
    """What was used in each day, week or month since then in which anything was."""
    return _steps(UsageBucket.objects.filter(subscription=subscription, bucket_hour__gte=since), step)


def _shares(buckets: QuerySet[UsageBucket], column: str) -> tuple[UsageShare, ...]:
    found = buckets.values_list(column).annotate(tokens=Sum("tokens_total")).order_by("-tokens", column)
    return tuple(UsageShare(name, tokens) for name, tokens in found)


def _steps(buckets: QuerySet[UsageBucket], step: str) -> tuple[UsageStep, ...]:
    stepped = buckets.annotate(start=STEPS[step]("bucket_hour")).values_list("start")
    found = stepped.annotate(tokens=Sum("tokens_total")).order_by("start")
    return tuple(UsageStep(start.date(), tokens) for start, tokens in found)


def _every_day(period: BillingPeriod, used: Iterable[UsageStep]) -> tuple[UsageStep, ...]:
    """The days of the period up to today, those without usage too."""
    tokens = {step.start: step.tokens for step in used}
    last = min(clock.now(), period.ends_at - timedelta(microseconds=1)).date()
    first, last = min([period.starts_at.date(), *tokens]), max([last, *tokens])
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return tuple(UsageStep(day, tokens.get(day, 0)) for day in days)


def revenue_summary() -> RevenueSummary:
    """How many subscriptions are live, and the sum of all movements (`services/mrr.py` says what counts)."""
    moved = MrrMovement.objects.order_by().values_list("currency").annotate(Sum("amount_minor"))
    return RevenueSummary(
        subscription_count=Subscription.objects.live().count(),
        mrr_minor={currency: total for currency, total in sorted(moved) if total},
    )


@dataclass(frozen=True)
class InboxState:
    """How far we are with what the payment provider told."""

    waiting_count: int
    # When the event that has waited longest came; None: nothing waits.
    oldest_at: datetime | None
    # Given up: somebody should look.
    failed_count: int
    # How many events the last look at the provider's own list found that had never arrived.
    gap_count: int
    # Objects of which the two sides say different things.
    difference_count: int

    @property
    def is_behind(self) -> bool:
        """Whether somebody should look."""
        waits_long = self.oldest_at is not None and clock.now() - self.oldest_at > LONG_WAIT
        return waits_long or bool(self.failed_count)


def inbox_state() -> InboxState:
    """For those who keep the platform running."""
    status = ProviderEvent.Status
    waiting = ProviderEvent.objects.filter(status=status.RECEIVED).aggregate(
        count=Count("pk"), oldest=Min("created_at")
    )
    looks = ProviderCursor.objects.filter(name=GAPS).aggregate(found=Sum("found_count"))
    return InboxState(
        waiting_count=waiting["count"],
        oldest_at=waiting["oldest"],
        failed_count=ProviderEvent.objects.filter(status=status.FAILED).count(),
        gap_count=looks["found"] or 0,
        difference_count=ReconciliationFinding.objects.filter(ReconciliationFinding.OPEN).count(),
    )
