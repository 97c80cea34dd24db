"""How an organization pays. The numbers stay with the provider; here is what a person recognises them by."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from orgs.models import Organization, organizations_of
from platform_core.models import Leased, Row
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from identity.models import User


class PaymentMethodQuerySet(models.QuerySet["PaymentMethod"]):
    """Which payment methods."""

    def visible_to(self, user: "User") -> "PaymentMethodQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))

    def present(self) -> "PaymentMethodQuerySet":
        """Those that can be charged: not removed."""
        return self.filter(removed_at=None)


class PaymentMethod(Scoped, Row):
    """A card or a bank account of an organization, as the provider last told it."""

    class Kind(models.TextChoices):
        CARD = "card"
        BANK_DEBIT = "bank_debit", "Bank account"

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="payment_methods")
    kind = models.CharField(max_length=10, choices=Kind)
    # The card's brand, or the bank's name.
    brand = models.CharField(max_length=60, blank=True)
    last4 = models.CharField(max_length=4)
    exp_month = models.PositiveSmallIntegerField(null=True, blank=True)
    exp_year = models.PositiveSmallIntegerField(null=True, blank=True)
    is_default = models.BooleanField(default=False)
    # Why the last try to charge it failed, in the bank's words; empty once one succeeded.
    failure = models.CharField(max_length=300, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    provider = models.CharField(max_length=20, default="stripe")
    provider_payment_method_id = models.CharField(max_length=120)
    observed_at = models.DateTimeField()

    objects = ScopedManager.from_queryset(PaymentMethodQuerySet)()

    class Meta:
        ordering = ["-is_default", "-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_payment_method_id"], name="payment_method_provider_id_unique"
            ),
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(is_default=True, removed_at__isnull=True),
                name="payment_method_one_default",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ending in {self.last4}"

    @property
    def label(self) -> str:
        """Whose it is: a brand of cards, or a bank."""
        return (self.brand.replace("_", " ").title() if self.is_card else self.brand) or self.get_kind_display()

    @property
    def is_card(self) -> bool:
        """A card, which expires."""
        return self.kind == self.Kind.CARD


class PaymentMethodSetup(Scoped, Leased, Row):
    """A visit to the provider's page on which a payment method is saved: the default from then on."""

    class Status(models.TextChoices):
        OPEN = "open"
        # The provider has it; it is yet to be made the default, and to pay what is due.
        SAVED = "saved"
        DONE = "done"
        EXPIRED = "expired"
        # Somebody must look: `failure` says at what.
        FAILED = "failed"

    CLAIMABLE: ClassVar[Sequence[str]] = (Status.SAVED,)

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="payment_method_setups")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    provider_session_id = models.CharField(max_length=120, blank=True)
    provider_payment_method_id = models.CharField(max_length=120, blank=True)
    url = models.URLField(max_length=800, blank=True)
    success_url = models.URLField(max_length=500)
    cancel_url = models.URLField(max_length=500)
    failure = models.CharField(max_length=500, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager["PaymentMethodSetup"]()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["run_after"], name="payment_method_setup_waiting", condition=Q(status="saved"))]

    def __str__(self) -> str:
        return f"Payment method of {self.organization} ({self.status})"
