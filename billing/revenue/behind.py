"""The rows behind each number."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import QuerySet

from billing.models import MrrMovement, Payment, Subscription
from billing.models.payments import PaymentQuerySet
from platform_core.months import Months


def trials_of(span: Months) -> QuerySet[Subscription]:
    """The subscriptions whose trial began in these months."""
    return Subscription.objects.filter(trial_began_at__gte=span.starts_at, trial_began_at__lt=span.ends_at)


def payments_of(span: Months) -> PaymentQuerySet:
    """The tries to collect money that were made in these months."""
    return Payment.objects.filter(created_at__gte=span.starts_at, created_at__lt=span.ends_at)


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


def tries(span: Months, *, outcome: str = "", currency: str = "") -> PaymentQuerySet:
    """The tries that the payment success rate counts, the latest first: all, or those of one outcome."""
    made = payments_of(span).filter(currency=currency) if currency else payments_of(span)
    return of_outcome(made, outcome).select_related("organization", "invoice")


def of_outcome(made: PaymentQuerySet, outcome: str) -> PaymentQuerySet:
    """Those that succeeded, or failed; else all that were answered."""
    return {"succeeded": made.succeeded(), "failed": made.refused()}.get(outcome, made.answered())
