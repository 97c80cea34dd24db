"""Prepaid credits: what an organization has before it has to pay."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from billing.models.invoices import Invoice
from orgs.models import Organization, organizations_of
from platform_core.models import Row, Unchanging
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from identity.models import User


class WalletQuerySet(models.QuerySet["Wallet"]):
    """Which wallets."""

    def visible_to(self, user: "User") -> "WalletQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))


class Wallet(Scoped, Row):
    """An organization's credits in one currency. Whoever changes them holds this row."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="wallets")
    currency = models.CharField(max_length=3)
    balance_minor = models.BigIntegerField(default=0)
    # Of the balance, what stands at the provider and pays the provider's invoices: each unit is in one place. Below
    # nothing while the provider used more than it still had.
    placed_minor = models.BigIntegerField(default=0)

    objects = ScopedManager.from_queryset(WalletQuerySet)()

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["organization", "currency"], name="wallet_one_a_currency"),
            models.CheckConstraint(condition=Q(balance_minor__gte=0), name="wallet_never_negative"),
            models.CheckConstraint(
                condition=Q(placed_minor__lte=F("balance_minor")), name="wallet_places_what_is_there"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization} ({self.currency.upper()})"

    @property
    def available_minor(self) -> int:
        """What is here, and pays invoices of our own."""
        return self.balance_minor - max(0, self.placed_minor)


class WalletGrantQuerySet(models.QuerySet["WalletGrant"]):
    """Which grants."""

    def in_order(self) -> "WalletGrantQuerySet":
        """Those with something left, as they are used up: by priority, then what expires first, then the oldest."""
        left = self.filter(remaining_minor__gt=0)
        return left.order_by("priority", F("expires_at").asc(nulls_last=True), "created_at", "pk")

    def expired(self, by: datetime) -> "WalletGrantQuerySet":
        """Those with something left whose time is over."""
        return self.in_order().filter(expires_at__lte=by)


class WalletGrant(Scoped, Row):
    """Credits that were put into a wallet together, for one reason."""

    scope_path = "wallet__organization_id"

    class Kind(models.TextChoices):
        PROMOTION = "promotion", "Given away"
        PREPAID = "prepaid", "Bought in advance"
        CREDIT_NOTE = "credit_note", "From a credit note"

    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="grants")
    kind = models.CharField(max_length=12, choices=Kind)
    amount_minor = models.PositiveBigIntegerField()
    remaining_minor = models.PositiveBigIntegerField()
    # The lower is used first.
    priority = models.PositiveSmallIntegerField(default=50)
    expires_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    idempotency_key = models.CharField(max_length=120, unique=True)

    objects = ScopedManager.from_queryset(WalletGrantQuerySet)()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="wallet_grant_of_something"),
            models.CheckConstraint(condition=Q(remaining_minor__lte=F("amount_minor")), name="wallet_grant_remaining"),
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="wallet_grant_expiring", condition=Q(remaining_minor__gt=0))
        ]

    def __str__(self) -> str:
        return self.reason


class WalletTransfer(Scoped, Row):
    """Credits on their way to the provider, where they pay its invoices; or on their way back, if below nothing."""

    scope_path = "wallet__organization_id"

    class Status(models.TextChoices):
        # Ours to ask for: the provider has not answered yet.
        REQUESTED = "requested"
        DONE = "done"
        FAILED = "failed"

    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="transfers")
    status = models.CharField(max_length=9, choices=Status, default=Status.REQUESTED)
    amount_minor = models.BigIntegerField()
    failure = models.CharField(max_length=300, blank=True)
    provider = models.CharField(max_length=20, default="stripe")
    # Whose balance it changes: a customer who is made again there is another one.
    provider_customer_id = models.CharField(max_length=120)
    provider_transfer_id = models.CharField(max_length=120, blank=True)

    objects = ScopedManager["WalletTransfer"]()

    class Meta:
        ordering = ["-created_at", "-pk"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(condition=~Q(amount_minor=0), name="wallet_transfer_of_something"),
            models.UniqueConstraint(
                fields=["wallet"], condition=Q(status="requested"), name="wallet_transfer_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.wallet}: {self.amount_minor}"

    @property
    def currency(self) -> str:
        """The wallet's."""
        return self.wallet.currency


class WalletMovement(Unchanging, Scoped, Row):
    """What was taken out of one grant, and for what; or put back, once that was void."""

    product_path = "invoice__subscription__plan__product__code"

    scope_path = "grant__wallet__organization_id"

    class Kind(models.TextChoices):
        BURN = "burn", "Used"
        EXPIRY = "expiry", "Expired"
        RETURN = "return", "Returned"
        RESTORE = "restore", "Given back"

    grant = models.ForeignKey(WalletGrant, on_delete=models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=7, choices=Kind)
    amount_minor = models.PositiveBigIntegerField()
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="wallet_movements"
    )
    # What it was taken for: of one burn there is a movement for each grant that gave to it.
    reference = models.CharField(max_length=120, db_index=True)

    objects = ScopedManager["WalletMovement"]()

    class Meta:
        ordering = ["-created_at", "-pk"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["grant", "reference"], name="wallet_movement_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="wallet_movement_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.amount_minor}"

    @property
    def taken_minor(self) -> int:
        """What it took out; below nothing if it put back."""
        return -self.amount_minor if self.kind == self.Kind.RESTORE else self.amount_minor
