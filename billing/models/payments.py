"""Money that came, went back, or is fought over: our own columns, filled from the provider's facts."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing.models.consumers import ConsumerTenant
from billing.models.invoices import Invoice
from orgs.models import Organization, organizations_of
from platform_core.models import Row
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from identity.models import User


class PaymentQuerySet(models.QuerySet["Payment"]):
    """Which payments."""

    REFUSED = Q(status="failed") | Q(status="canceled") & ~Q(provider_charge_id="")

    def visible_to(self, user: "User") -> "PaymentQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))

    def succeeded(self) -> "PaymentQuerySet":
        """Those that brought money."""
        return self.filter(status=Payment.Status.SUCCEEDED)

    def answered(self) -> "PaymentQuerySet":
        """Those of which it is known whether they brought money."""
        return self.filter(Q(status="succeeded") | self.REFUSED)

    def refused(self) -> "PaymentQuerySet":
        """Those that were tried and brought none, also where they were given up after it."""
        return self.filter(self.REFUSED)


class Payment(Scoped, Row):
    """One try to collect money, and what came of it."""

    product_path = "invoice__subscription__plan__product__code"

    class Status(models.TextChoices):
        PENDING = "pending"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELED = "canceled"

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="payments")
    # None: of something that no invoice was made for.
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="payments")
    # Whose customer paid, where it was sold through a consumer.
    consumer_tenant = models.ForeignKey(
        ConsumerTenant, on_delete=models.PROTECT, null=True, blank=True, related_name="payments"
    )
    status = models.CharField(max_length=10, choices=Status)
    currency = models.CharField(max_length=3)
    amount_minor = models.PositiveBigIntegerField()
    fee_minor = models.BigIntegerField(default=0)
    # How it was paid, as people know it: "visa 4242".
    method = models.CharField(max_length=60, blank=True)
    failure = models.CharField(max_length=300, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    provider = models.CharField(max_length=20, default="stripe")
    provider_payment_id = models.CharField(max_length=120)
    provider_charge_id = models.CharField(max_length=120, blank=True)
    observed_at = models.DateTimeField()

    objects = ScopedManager.from_queryset(PaymentQuerySet)()

    class Meta:
        ordering = ["-created_at", "-pk"]
        permissions = [("refund_payment", "Can refund payments")]
        constraints = [
            models.UniqueConstraint(fields=["provider", "provider_payment_id"], name="payment_provider_id_unique")
        ]
        indexes = [models.Index(fields=["organization", "-created_at"], name="payment_organization")]

    def __str__(self) -> str:
        return self.method or self.provider_payment_id


class RefundQuerySet(models.QuerySet["Refund"]):
    """Which refunds."""

    def visible_to(self, user: "User") -> "RefundQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))

    def standing(self) -> "RefundQuerySet":
        """Those that took money, or may yet."""
        return self.exclude(status__in=(Refund.Status.FAILED, Refund.Status.CANCELED))


class Refund(Scoped, Row):
    """Money that went back to a customer, or is about to."""

    product_path = "payment__invoice__subscription__plan__product__code"

    class Status(models.TextChoices):
        # Ours to ask for: the provider has not answered yet.
        REQUESTED = "requested"
        PENDING = "pending"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELED = "canceled"

    # The money has left, or is leaving.
    MOVED = (Status.PENDING, Status.SUCCEEDED)

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="refunds")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    status = models.CharField(max_length=10, choices=Status)
    currency = models.CharField(max_length=3)
    amount_minor = models.PositiveBigIntegerField()
    reason = models.CharField(max_length=300, blank=True)
    failure = models.CharField(max_length=300, blank=True)
    # Whoever asks again with the same key asks for the same refund. Empty: it was made at the provider.
    idempotency_key = models.CharField(max_length=120, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    provider = models.CharField(max_length=20, default="stripe")
    # Empty until the provider answered.
    provider_refund_id = models.CharField(max_length=120, blank=True)
    observed_at = models.DateTimeField()

    objects = ScopedManager.from_queryset(RefundQuerySet)()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_refund_id"],
                condition=~Q(provider_refund_id=""),
                name="refund_provider_id_unique",
            ),
            models.UniqueConstraint(
                fields=["idempotency_key"], condition=~Q(idempotency_key=""), name="refund_key_unique"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refund_of_something"),
        ]
        indexes = [models.Index(fields=["created_at"], name="refund_requested", condition=Q(status="requested"))]

    def __str__(self) -> str:
        return f"refund of {self.payment}"


class Dispute(Scoped, Row):
    """A payment that the customer's bank takes back until somebody decided."""

    product_path = "payment__invoice__subscription__plan__product__code"

    class Status(models.TextChoices):
        OPEN = "open"
        WON = "won"
        LOST = "lost"

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="disputes")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    status = models.CharField(max_length=6, choices=Status)
    currency = models.CharField(max_length=3)
    amount_minor = models.PositiveBigIntegerField()
    # What the provider took when it was opened, and what of that it gave back when it was decided.
    fee_minor = models.BigIntegerField(default=0)
    fee_returned_minor = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=120, blank=True)
    evidence_due_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    provider = models.CharField(max_length=20, default="stripe")
    provider_dispute_id = models.CharField(max_length=120)
    observed_at = models.DateTimeField()

    objects = ScopedManager["Dispute"]()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "provider_dispute_id"], name="dispute_provider_id_unique")
        ]

    def __str__(self) -> str:
        return f"dispute of {self.payment}"
