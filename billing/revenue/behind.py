"""The rows behind each number."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet

from billing.models import Invoice, MrrMovement, Subscription
from platform_core.months import Months

SUCCEEDED = Q(status=Invoice.Status.PAID)
FAILED = Q(status=Invoice.Status.UNCOLLECTIBLE) | Q(status=Invoice.Status.OPEN) & ~Q(payment_error="")


def trials_of(span: Months) -> QuerySet[Subscription]:
    """The subscriptions whose trial began in these months."""
    return Subscription.objects.filter(trial_began_at__gte=span.starts_at, trial_began_at__lt=span.ends_at)


def payments_of(span: Months) -> QuerySet[Invoice]:
    """The invoices over something that were issued in these months."""
    issued = Invoice.objects.filter(issued_at__gte=span.starts_at, issued_at__lt=span.ends_at)
    return issued.filter(total_minor__gt=0)


@dataclass(frozen=True)
class Behind:
    """Which movements a number sums: of a month, or all until it, of a kind, a currency, a cohort, a customer."""

    month: date | None = None
    until: date | None = None
    kind: str = ""
    currency: str = ""
    cohort: date | None = None
    organization_id: UUID | None = None


def movements(behind: Behind) -> QuerySet[MrrMovement]:
    """The rows that a number sums, the latest first."""
    wanted = {
        "month_on": behind.month,
        "month_on__lte": behind.until,
        "kind": behind.kind,
        "currency": behind.currency,
        "cohort_on": behind.cohort,
        "organization_id": behind.organization_id,
    }
    rows = MrrMovement.objects.filter(**{name: value for name, value in wanted.items() if value})
    return rows.select_related("organization", "subscription__plan").order_by("-occurred_at", "-pk")
