"""Recurring revenue of many customers over two years: how long all of its figures take."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from billing.models import MrrMovement, Plan, Subscription
from billing.revenue import summary
from orgs.models import Organization
from platform_core import scoping
from platform_core.months import Months, after, month_of
from tests import make
from tests.bench import timings
from tests.bench.harness import Bound

SUBSCRIPTIONS = 10_000
BATCH = 2_000
SPAN = Months(date(2024, 12, 1), date(2026, 11, 1))
LONGEST_MS = 500
Kind = MrrMovement.Kind
# What a customer goes through, in the order of months; the first is when they come.
LIFE = ((Kind.NEW, 5_000), (Kind.EXPANSION, 2_500), (Kind.CONTRACTION, -1_000), (Kind.CHURN, -6_500))


def measures() -> Iterator[Bound]:
    """All figures of 24 months."""
    _customers()
    with scoping.staff():
        yield Bound(
            "revenue of 24 months", timings.p95(timings.of(lambda: summary.revenue(SPAN), rounds=20)), "ms", LONGEST_MS
        )


def _customers() -> None:
    """Of ten customers nine grow, six shrink and three leave, each in months of their own."""
    plan = make.plan()
    for start in range(0, SUBSCRIPTIONS, BATCH):
        numbers = range(start, start + BATCH)
        organizations = Organization.objects.bulk_create(
            Organization(name=f"Company {number}", slug=f"company-{number}", billing_email="billing@example.test")
            for number in numbers
        )
        rows = Subscription.objects.bulk_create(_subscription(each, plan) for each in organizations)
        moved = [each for number, row in zip(numbers, rows, strict=True) for each in _life(number, row)]
        MrrMovement.objects.bulk_create(moved)


def _subscription(organization: Organization, plan: Plan) -> Subscription:
    begun = datetime(2024, 12, 1, tzinfo=UTC)
    price = plan.prices.all()[0]
    return Subscription(
        organization=organization,
        plan=plan,
        plan_version=plan.current,
        price=price,
        status=Subscription.Status.ACTIVE,
        monthly_minor=5_000,
        current_period_start=begun,
        current_period_end=begun + timedelta(days=30),
        provider_subscription_id=f"sub_{organization.slug}",
        observed_at=begun,
    )


def _life(number: int, row: Subscription) -> Iterator[MrrMovement]:
    turns = (10, 9, 6, 3)
    cohort = after(SPAN.first, number % 24)
    for place, (kind, amount) in enumerate(LIFE):
        month = after(cohort, place * (1 + number % 5))
        if number % 10 >= turns[place] or month > SPAN.last:
            return
        moment = datetime(month.year, month.month, 1 + number % 28, tzinfo=UTC)
        yield MrrMovement(
            organization_id=row.organization_id,
            subscription=row,
            number=place + 1,
            kind=kind,
            amount_minor=amount,
            currency="usd",
            occurred_at=moment,
            month_on=month_of(moment),
            cohort_on=cohort,
        )
