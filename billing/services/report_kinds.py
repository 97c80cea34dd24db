"""The reports that billing has something to say about."""

from django.db.models import Count, Sum

from billing.models import Invoice, MrrMovement, UsageBucket
from billing.money import format_minor
from orgs import roles
from orgs.models import Organization
from orgs.reports import Column, Content, ReportKind, Span


def _usage(organization: Organization, span: Span) -> Content:
    hours = UsageBucket.objects.filter(
        organization=organization, bucket_hour__gte=span.starts_at, bucket_hour__lt=span.ends_at
    )
    counted = hours.values("subscription__plan__product__name", "subscription__plan__name", "agent_code", "model_name")
    rows = [tuple(each) for each in counted.annotate(tokens=Sum("tokens_total")).order_by(*ORDER).values_list(*USAGE)]
    return Content(
        columns=[
            Column("Product", 3),
            Column("Plan", 3),
            Column("Agent", 3),
            Column("Model", 4),
            Column("Tokens", 3, is_number=True),
        ],
        rows=rows,
        facts=[("Tokens", f"{sum(int(row[-1]) for row in rows):,}")],
    )


USAGE = ("subscription__plan__product__name", "subscription__plan__name", "agent_code", "model_name", "tokens")
ORDER = USAGE[:-1]


def _billing(organization: Organization, span: Span) -> Content:
    issued = Invoice.objects.filter(
        organization=organization, issued_at__gte=span.starts_at, issued_at__lt=span.ends_at
    ).exclude(status=Invoice.Status.DRAFT)
    rows = [
        (
            each.number,
            f"{each.issued_at:%Y-%m-%d}",
            each.get_status_display(),
            format_minor(each.total_minor, each.currency),
            each.currency.upper(),
        )
        for each in issued.order_by("issued_at", "number")
    ]
    owed = issued.exclude(status=Invoice.Status.VOID)
    totals = owed.values("currency").annotate(total=Sum("total_minor"), count=Count("pk")).order_by("currency")
    facts = [
        (each["currency"].upper(), f"{format_minor(each['total'], each['currency'])} in {each['count']:,} invoices")
        for each in totals
    ]
    return Content(
        columns=[
            Column("Invoice", 4),
            Column("Issued", 3),
            Column("Status", 3),
            Column("Total", 3, is_number=True),
            Column("Currency", 2),
        ],
        rows=rows,
        facts=facts,
    )


def _recurring(organization: Organization, span: Span) -> Content:
    moved = MrrMovement.objects.filter(
        organization=organization, occurred_at__gte=span.starts_at, occurred_at__lt=span.ends_at
    )
    rows = [
        (
            f"{each.occurred_at:%Y-%m-%d}",
            each.subscription.plan.name,
            WORDS[MrrMovement.Kind(each.kind)],
            format_minor(each.amount_minor, each.currency),
            each.currency.upper(),
        )
        for each in moved.select_related("subscription__plan").order_by("occurred_at", "pk")
    ]
    brought = MrrMovement.objects.filter(organization=organization, occurred_at__lt=span.ends_at)
    totals = brought.order_by("currency").values_list("currency").annotate(Sum("amount_minor"))
    return Content(
        columns=[
            Column("Day", 3),
            Column("Plan", 4),
            Column("Change", 4),
            Column("A month", 3, is_number=True),
            Column("Currency", 2),
        ],
        rows=rows,
        facts=[(f"{currency.upper()} a month at the end", format_minor(total, currency)) for currency, total in totals],
    )


# What a movement of the platform's revenue is to whoever pays it.
WORDS = {
    MrrMovement.Kind.NEW: "Began",
    MrrMovement.Kind.EXPANSION: "More",
    MrrMovement.Kind.CONTRACTION: "Less",
    MrrMovement.Kind.CHURN: "Ended",
    MrrMovement.Kind.REACTIVATION: "Began again",
}
KINDS = [
    ReportKind("usage", "Usage by product", "Tokens by product, agent and model.", roles.USAGE_READ, _usage),
    ReportKind("billing", "Billing", "Invoices and what they come to.", roles.BILLING_READ, _billing),
    ReportKind(
        "recurring_charges", "Recurring charges", "What subscriptions cost a month.", roles.BILLING_READ, _recurring
    ),
]
