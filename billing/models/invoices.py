"""Invoices as we show them: our own columns, filled from the provider's objects."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from billing.models.periods import BillingPeriod
from billing.models.subscriptions import Subscription
from orgs.models import Organization, organizations_of
from platform_core.models import Row
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from datetime import datetime

    from identity.models import User


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    """Which invoices."""

    def visible_to(self, user: "User") -> "InvoiceQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))

    def due_again(self, by: "datetime") -> "InvoiceQuerySet":
        """Open ones whose card was refused and whose next attempt has come, the longest due first."""
        return self.filter(status=Invoice.Status.OPEN, next_attempt_at__lte=by).order_by("next_attempt_at", "pk")


class Invoice(Scoped, Row):
    """What an organization was asked to pay, in minor units of one currency."""

    product_path = "subscription__plan__product__code"

    class Status(models.TextChoices):
        DRAFT = "draft"
        OPEN = "open"
        PAID = "paid"
        UNCOLLECTIBLE = "uncollectible"
        VOID = "void"

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="invoices")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, null=True, blank=True, related_name="invoices"
    )
    number = models.CharField(max_length=60, blank=True)
    status = models.CharField(max_length=14, choices=Status)
    currency = models.CharField(max_length=3)
    subtotal_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField(default=0)
    total_minor = models.BigIntegerField()
    paid_minor = models.BigIntegerField(default=0)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    issued_at = models.DateTimeField()
    finalized_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    payment_error = models.CharField(max_length=300, blank=True)
    # The provider's page on which the customer can pay it with whichever card.
    payment_url = models.URLField(max_length=1000, blank=True)
    # Of an invoice that we ask for ourselves: how often its card was tried, and when it is again.
    attempt_count = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    # How the provider's figures differ from ours: empty unless somebody must look.
    discrepancy = models.CharField(max_length=300, blank=True)
    provider = models.CharField(max_length=20, default="stripe")
    provider_invoice_id = models.CharField(max_length=120)
    observed_at = models.DateTimeField()

    objects = ScopedManager.from_queryset(InvoiceQuerySet)()

    class Meta:
        ordering = ["-issued_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "provider_invoice_id"], name="invoice_provider_id_unique"),
        ]
        indexes = [
            models.Index(fields=["organization", "-issued_at"], name="invoice_organization"),
            models.Index(
                fields=["next_attempt_at"], name="invoice_retried", condition=Q(next_attempt_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.number or "draft"

    @property
    def payable(self) -> bool:
        """Whether the customer can still pay it on the provider's page."""
        return bool(self.payment_url) and self.status in (self.Status.OPEN, self.Status.UNCOLLECTIBLE)


class InvoiceLine(Scoped, Row):
    """One line: the base price, tokens beyond an allotment, an adjustment, or what else the provider put there."""

    product_path = "invoice__subscription__plan__product__code"

    scope_path = "invoice__organization_id"

    class Kind(models.TextChoices):
        BASE = "base"
        OVERAGE = "overage"
        ADJUSTMENT = "adjustment"
        OTHER = "other"

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    kind = models.CharField(max_length=10, choices=Kind)
    description = models.CharField(max_length=300)
    quantity = models.BigIntegerField(default=1)
    unit_price_nano = models.PositiveBigIntegerField(null=True, blank=True)
    amount_minor = models.BigIntegerField()
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    billing_period = models.ForeignKey(
        BillingPeriod, on_delete=models.PROTECT, null=True, blank=True, related_name="invoice_lines"
    )
    provider_line_id = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField(default=0)

    objects = ScopedManager["InvoiceLine"]()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "provider_line_id"], name="invoice_line_provider_id_unique")
        ]

    def __str__(self) -> str:
        return self.description
