"""What each billing period of a subscription came to, and what was therefore put on an invoice."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.formats import date_format

from billing.models.catalog import PlanVersion, Price
from billing.models.subscriptions import Subscription
from orgs.models import Organization, organizations_of
from platform_core.models import Row
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from datetime import datetime

    from identity.models import User


class BillingPeriodQuerySet(models.QuerySet["BillingPeriod"]):
    """Which periods."""

    def visible_to(self, user: "User") -> "BillingPeriodQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))

    def open(self) -> "BillingPeriodQuerySet":
        """Those that usage still comes into; a subscription has at most one."""
        return self.filter(status=BillingPeriod.Status.OPEN)

    def ended(self, by: "datetime") -> "BillingPeriodQuerySet":
        """Open ones whose end has come."""
        return self.open().filter(ends_at__lte=by)

    def uncharged(self) -> "BillingPeriodQuerySet":
        """Closed ones that are not yet on an invoice."""
        return self.filter(status=BillingPeriod.Status.CLOSED)

    def late(self) -> "BillingPeriodQuerySet":
        """Closed ones into which usage came afterwards, not yet adjusted."""
        return self.exclude(late_usage_at=None)


class BillingPeriod(Scoped, Row):
    """One period of one subscription: open while usage comes in, closed with its figures frozen, then invoiced."""

    product_path = "subscription__plan__product__code"

    class Status(models.TextChoices):
        OPEN = "open"
        CLOSED = "closed"
        INVOICED = "invoiced"

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="billing_periods")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="periods")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # The whole hours that count in it, the end excluded: the periods of a subscription share out all of its hours.
    # Without an end: the subscription is over, and this period takes whatever is still reported.
    usage_from = models.DateTimeField()
    usage_until = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    # The terms, as they were when the period began or its plan was last changed: a new price list does not reach back.
    plan_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="+")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+")
    overage_price = models.ForeignKey(Price, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    quantity = models.PositiveIntegerField(default=1)
    currency = models.CharField(max_length=3)
    base_unit_minor = models.PositiveBigIntegerField()
    token_allotment = models.PositiveBigIntegerField(null=True, blank=True)
    unit_price_nano = models.PositiveBigIntegerField(null=True, blank=True)
    # How the base and what is beyond the allotment are priced (rating.Rate); null: so much for each unit.
    base_rate = models.JSONField(null=True, blank=True)
    overage_rate = models.JSONField(null=True, blank=True)
    # The figures, frozen at close, and everything that is needed to compute them again.
    tokens_used = models.PositiveBigIntegerField(default=0)
    overage_tokens = models.PositiveBigIntegerField(default=0)
    overage_minor = models.PositiveBigIntegerField(default=0)
    evidence = models.JSONField(default=dict)
    closed_at = models.DateTimeField(null=True, blank=True)
    invoiced_at = models.DateTimeField(null=True, blank=True)
    # When usage came in after the close; empty again once it was adjusted.
    late_usage_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager.from_queryset(BillingPeriodQuerySet)()

    class Meta:
        ordering = ["-starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["subscription", "starts_at"], name="billing_period_once"),
            models.UniqueConstraint(
                fields=["subscription"], condition=Q(status="open"), name="billing_period_one_open"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="billing_period_ordered"),
        ]
        indexes = [
            models.Index(fields=["ends_at"], name="billing_period_ending", condition=Q(status="open")),
            models.Index(fields=["closed_at"], name="billing_period_uncharged", condition=Q(status="closed")),
            models.Index(
                fields=["late_usage_at"], name="billing_period_late", condition=Q(late_usage_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{date_format(self.starts_at)} to {date_format(self.ends_at)}"

    def counts(self, hour: "datetime") -> bool:
        """Whether usage of the hour that begins then counts in this period."""
        return self.usage_from <= hour and (self.usage_until is None or hour < self.usage_until)


class InvoiceItemQuerySet(models.QuerySet["InvoiceItem"]):
    """Which items."""

    def uncharged(self) -> "InvoiceItemQuerySet":
        """Those whose invoice is not yet final."""
        return self.filter(charged_at=None)


class InvoiceItem(Scoped, Row):
    """Something a closed period came to that the provider must put on an invoice, exactly once.

    A period's items always add up to what its usage costs on its terms: the first is the overage frozen at close, the
    others are adjustments for usage that came later.
    """

    product_path = "period__subscription__plan__product__code"

    class Kind(models.TextChoices):
        OVERAGE = "overage"
        ADJUSTMENT = "adjustment"

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="invoice_items")
    period = models.ForeignKey(BillingPeriod, on_delete=models.PROTECT, related_name="items")
    # The period at whose end it is collected: its own for an overage, a later one for an adjustment.
    collected_with = models.ForeignKey(BillingPeriod, on_delete=models.PROTECT, related_name="items_to_collect")
    kind = models.CharField(max_length=10, choices=Kind)
    # Tokens beyond the allotment and the price of each, if they have one price; negative where less than was billed.
    quantity = models.BigIntegerField()
    unit_price_nano = models.PositiveBigIntegerField(null=True, blank=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    evidence = models.JSONField(default=dict)
    # The provider's ids, each stored as soon as it is known.
    provider_item_id = models.CharField(max_length=120, blank=True)
    provider_invoice_id = models.CharField(max_length=120, blank=True)
    charged_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager.from_queryset(InvoiceItemQuerySet)()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["period"], condition=Q(kind="overage"), name="invoice_item_one_overage_per_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.period}"

    @property
    def idempotency_key(self) -> str:
        """What the provider knows it by, so that asking again gives the same line."""
        return f"{self.kind}:{self.period_id if self.kind == self.Kind.OVERAGE else self.pk}"
