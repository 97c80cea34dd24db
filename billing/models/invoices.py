"""Invoices as we show them: our own columns, filled from the provider's objects."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q, Sum

from billing.models.catalog import Price
from billing.models.consumers import ConsumerTenant
from billing.models.legal import LegalEntity
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

    def of_provider(self) -> "InvoiceQuerySet":
        """Those that the provider made."""
        return self.filter(origin=Invoice.Origin.PROVIDER)

    def due_again(self, by: "datetime") -> "InvoiceQuerySet":
        """Open ones that we ask for ourselves and whose next attempt has come, the longest due first."""
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

    class Origin(models.TextChoices):
        """Who decides what is on it: the provider, whose invoice we follow, or we."""

        PROVIDER = "provider"
        OURS = "ours", "Our own"

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="invoices")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, null=True, blank=True, related_name="invoices"
    )
    # Whose customer bought it, where it was sold through a consumer: the others are not told of it.
    consumer_tenant = models.ForeignKey(
        ConsumerTenant, on_delete=models.PROTECT, null=True, blank=True, related_name="invoices"
    )
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.PROVIDER)
    # Our own number, without a gap within the legal entity; a draft has none, a void one keeps it.
    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    sequence = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    number = models.CharField(max_length=60, blank=True)
    provider_number = models.CharField(max_length=60, blank=True)
    status = models.CharField(max_length=14, choices=Status)
    currency = models.CharField(max_length=3)
    subtotal_minor = models.BigIntegerField()
    # What coupons took off the subtotal, before tax.
    discount_minor = models.BigIntegerField(default=0)
    tax_minor = models.BigIntegerField(default=0)
    total_minor = models.BigIntegerField()
    # Whether the subtotal contains the tax, and what is to be said about it, such as why there is none.
    is_tax_inclusive = models.BooleanField(default=False)
    tax_note = models.CharField(max_length=200, blank=True)
    # Of the total: what was paid, what prepaid credits covered, what credit notes took back, what we gave up.
    paid_minor = models.BigIntegerField(default=0)
    wallet_minor = models.BigIntegerField(default=0)
    credited_minor = models.BigIntegerField(default=0)
    written_off_minor = models.BigIntegerField(default=0)
    # How much of the customer's balance at the provider it used, once that is decided; what of it was no credits of the
    # wallet's, but what the provider carried over from other invoices.
    balance_minor = models.BigIntegerField(null=True, blank=True)
    carried_minor = models.BigIntegerField(default=0)
    # Of what was paid and of what was credited, what went back to the card or into the wallet.
    returned_minor = models.BigIntegerField(default=0)
    # Seller and buyer as they were, and everything that is needed to compute it again, sealed.
    issued_by = models.JSONField(default=dict)
    billed_to = models.JSONField(default=dict)
    evidence = models.JSONField(default=dict)
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
    # Empty for an invoice of our own that no provider collects.
    provider_invoice_id = models.CharField(max_length=120, blank=True)
    observed_at = models.DateTimeField()

    objects = ScopedManager.from_queryset(InvoiceQuerySet)()

    class Meta:
        ordering = ["-issued_at", "-pk"]
        permissions = [("void_invoice", "Can void invoices"), ("write_off_invoice", "Can write invoices off")]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_invoice_id"],
                condition=~Q(provider_invoice_id=""),
                name="invoice_provider_id_unique",
            ),
            models.UniqueConstraint(fields=["legal_entity", "sequence"], name="invoice_number_unique"),
            models.CheckConstraint(
                # A draft that was deleted is void without ever having been one of the numbered.
                condition=Q(status__in=("draft", "void"), sequence=None, number="")
                | (~Q(status="draft") & Q(sequence__isnull=False, legal_entity__isnull=False)),
                name="invoice_numbered_when_final",
            ),
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
    def due_minor(self) -> int:
        """What is still to be paid; nothing once it is settled in any way."""
        return self.unsettled_minor if self.status == self.Status.OPEN else 0

    @property
    def unsettled_minor(self) -> int:
        """The total less whatever settled it."""
        settled = self.paid_minor + self.wallet_minor + self.credited_minor + self.written_off_minor
        return self.total_minor - settled - self.carried_minor + self.returned_minor

    @property
    def excess_minor(self) -> int:
        """What was given back beyond what came: nothing, unless the provider sent back what was credited here."""
        beyond = self.returned_minor - self.wallet_minor - self.carried_minor
        if beyond <= self.paid_minor:
            return 0
        # A payment may be heard of before the invoice says that it is paid, and be one too many.
        came = self.payments.filter(status="succeeded").aggregate(total=Sum("amount_minor"))["total"] or 0
        return int(max(0, beyond - max(came, self.paid_minor)))

    @property
    def payable(self) -> bool:
        """Whether the customer can still pay it on the provider's page."""
        return bool(self.payment_url) and self.status in (self.Status.OPEN, self.Status.UNCOLLECTIBLE)


class InvoiceLine(Scoped, Row):
    """One line: a plan's price, an add-on, tokens beyond an allotment, an adjustment, or what a provider put there."""

    product_path = "invoice__subscription__plan__product__code"

    scope_path = "invoice__organization_id"

    class Kind(models.TextChoices):
        BASE = "base"
        ADD_ON = "add_on", "Add-on"
        OVERAGE = "overage"
        ADJUSTMENT = "adjustment"
        OTHER = "other"

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    kind = models.CharField(max_length=10, choices=Kind)
    description = models.CharField(max_length=300)
    quantity = models.BigIntegerField(default=1)
    unit_price_nano = models.PositiveBigIntegerField(null=True, blank=True)
    # Of a plan or an add-on, where the provider's line is at a price of ours.
    price = models.ForeignKey(Price, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    amount_minor = models.BigIntegerField()
    # Of the amount, what coupons took off.
    discount_minor = models.BigIntegerField(default=0)
    tax_minor = models.BigIntegerField(default=0)
    # What the amount follows from, where it is more than quantity times price.
    evidence = models.JSONField(default=dict, blank=True)
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
