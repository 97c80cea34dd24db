"""Recurring revenue over some months, by few statements that sum in the database."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date

from django.db.models import Case, Count, DateField, F, Q, Sum, Value, When
from django.db.models.functions import TruncMonth

from billing.models import MrrMovement, Payment, Subscription
from billing.models.payments import PaymentQuerySet
from billing.revenue.behind import payments_of, trials_of
from billing.revenue.figures import (
    Cohort,
    CohortMonth,
    CurrencyPayments,
    CurrencyRevenue,
    MonthOfCustomers,
    MonthOfPayments,
    MonthOfRevenue,
    Payments,
    Retention,
    Revenue,
    Trials,
    share,
)
from billing.revenue.retention import kept_by_month, kept_over
from billing.services.mrr import half_up
from platform_core.months import Months

Kind = MrrMovement.Kind
JOINED = (Kind.NEW, Kind.REACTIVATION)
# In the order in which a month tells of them.
KINDS = (Kind.NEW, Kind.EXPANSION, Kind.CONTRACTION, Kind.CHURN, Kind.REACTIVATION)


@dataclass
class _Cube:
    """All movements, summed by month, currency, kind and cohort; what came before the first month is one month."""

    cells: list[tuple[date | None, str, str, date, int, int]]
    kept: Mapping[tuple[str, date], tuple[int, int]]
    over: Mapping[str, tuple[Retention, int]]
    span: Months
    by_month: dict[tuple[date | None, str, str], int] = field(default_factory=lambda: defaultdict(int))
    counts: dict[tuple[date | None, str], int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        for month, currency, kind, _, amount, count in self.cells:
            self.by_month[month, currency, kind] += amount
            self.counts[month, kind] += count


def revenue(span: Months) -> Revenue:
    """Everything about recurring revenue in these months. Five statements, whatever there is."""
    cube = _Cube(_cells(span), kept_by_month(span), kept_over(span), span)
    customers = _customers(cube)
    currencies = sorted({currency for _, currency, *_ in cube.cells})
    return Revenue(
        span,
        [_currency(cube, currency, customers) for currency in currencies],
        customers,
        _cohorts(cube),
        _trials(span),
        payments(span),
    )


def _cells(span: Months) -> list[tuple[date | None, str, str, date, int, int]]:
    earlier = When(month_on__lt=span.first, then=Value(None, output_field=DateField()))
    month = Case(earlier, default=F("month_on"), output_field=DateField())
    rows = MrrMovement.objects.filter(month_on__lte=span.last).order_by().annotate(month=month)
    return list(rows.values_list("month", "currency", "kind", "cohort_on").annotate(Sum("amount_minor"), Count("pk")))


def _currency(cube: _Cube, currency: str, customers: Sequence[MonthOfCustomers]) -> CurrencyRevenue:
    opening, found = sum(cube.by_month[None, currency, kind] for kind in Kind), []
    for month in cube.span:
        kept = cube.kept.get((currency, month), (0, 0))
        # Whoever moved nothing in the month brings what they brought.
        moves = [cube.by_month[month, currency, kind] for kind in KINDS]
        found.append(MonthOfRevenue(month, opening, opening + kept[0], opening + kept[1], *moves))
        opening = found[-1].mrr_minor
    retention, count = cube.over.get(currency, (Retention(), 0))
    return CurrencyRevenue(currency, found, retention, count, _ltv(opening, count, customers))


def _ltv(mrr: int, count: int, customers: Sequence[MonthOfCustomers]) -> int | None:
    """Lifetime value: ARPA / monthly logo churn = MRR x Σ customers at each beginning / (customers x Σ churned).

    Before costs. None while nobody has left: nobody can say then how long customers stay.
    """
    stayed, left = sum(each.opening_count for each in customers), sum(each.churned_count for each in customers)
    return half_up(mrr * stayed, count * left) if count and left else None


def _customers(cube: _Cube) -> list[MonthOfCustomers]:
    opening = sum(cube.counts[None, kind] for kind in JOINED) - cube.counts[None, Kind.CHURN]
    found = []
    for month in cube.span:
        moves = [cube.counts[month, kind] for kind in (*JOINED, Kind.CHURN)]
        found.append(MonthOfCustomers(month, opening, *moves))
        opening = found[-1].count
    return found


def _cohorts(cube: _Cube) -> list[Cohort]:
    """By the month of the first payment, the cohorts of these months: how many still pay, and how much, since then."""
    moved: dict[tuple[date, date], list[tuple[str, str, int, int]]] = defaultdict(list)
    for month, currency, kind, cohort, amount, count in cube.cells:
        if month is not None and cohort >= cube.span.first:
            moved[cohort, month].append((currency, kind, amount, count))
    return [_cohort(cohort, cube.span, moved) for cohort in sorted({cohort for cohort, _ in moved})]


def _cohort(
    cohort: date, span: Months, moved: Mapping[tuple[date, date], Iterable[tuple[str, str, int, int]]]
) -> Cohort:
    size, count, mrr, found = 0, 0, defaultdict[str, int](int), []
    for age, month in enumerate(Months(cohort, span.last)):
        for currency, kind, amount, number in moved.get((cohort, month), ()):
            mrr[currency] += amount
            size += number if kind == Kind.NEW else 0
            count += number if kind in JOINED else -number if kind == Kind.CHURN else 0
        brought = {currency: total for currency, total in sorted(mrr.items()) if total}
        found.append(CohortMonth(month, age, count, share(count, size), brought))
    return Cohort(cohort, size, found)


def _trials(span: Months) -> Trials:
    paid = Q(pk__in=MrrMovement.objects.filter(subscription__trial_began_at__isnull=False).values("subscription"))
    over = ~Q(status=Subscription.Status.TRIALING)
    found = trials_of(span).aggregate(
        began=Count("pk"), ended=Count("pk", filter=over), converted=Count("pk", filter=paid & over)
    )
    return Trials(found["began"], found["ended"], found["converted"])


def payments(span: Months) -> Payments:
    """How many of the tries to collect money succeeded. One statement."""
    rows = payments_of(span).order_by().annotate(month=TruncMonth("created_at", tzinfo=UTC))
    counted = rows.values_list("month", "currency").annotate(
        paid=Count("pk", filter=Q(status=Payment.Status.SUCCEEDED)), failed=Count("pk", filter=PaymentQuerySet.REFUSED)
    )
    cells = sorted((month.date(), currency, paid, failed) for month, currency, paid, failed in counted if paid + failed)
    codes = sorted({currency for _, currency, *_ in cells})
    return Payments(
        *_sum(cells),
        currencies=[CurrencyPayments(*_sum(each for each in cells if each[1] == code), code) for code in codes],
        months=[MonthOfPayments(paid, failed, currency, month) for month, currency, paid, failed in cells],
    )


def _sum(cells: Iterable[tuple[date, str, int, int]]) -> tuple[int, int]:
    counts = [(paid, failed) for _, _, paid, failed in cells]
    return sum(paid for paid, _ in counts), sum(failed for _, failed in counts)
