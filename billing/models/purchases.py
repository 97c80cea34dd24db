"""What was bought: once, or as the beginning of a subscription."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from billing.models.catalog import Price
from billing.models.consumers import ConsumerTenant
from billing.models.subscriptions import CheckoutSession, Subscription
from orgs.models import Organization, organizations_of
from platform_core.models import Row
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from identity.models import User


class PurchaseQuerySet(models.QuerySet["Purchase"]):
    """Which purchases."""

    def visible_to(self, user: "User") -> "PurchaseQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))


class Purchase(Scoped, Row):
    """One completed checkout, or what a consumer's books said before they were ours."""

    product_path = "price__plan__product__code"

    class Kind(models.TextChoices):
        ONE_OFF = "one_off", "One-off"
        SUBSCRIPTION = "subscription"

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="purchases")
    consumer_tenant = models.ForeignKey(
        ConsumerTenant, on_delete=models.PROTECT, null=True, blank=True, related_name="purchases"
    )
    # None: it was brought in from a consumer's own books.
    checkout = models.OneToOneField(
        CheckoutSession, on_delete=models.PROTECT, null=True, blank=True, related_name="purchase"
    )
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, null=True, blank=True, related_name="purchases"
    )
    kind = models.CharField(max_length=12, choices=Kind)
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(default=1)
    currency = models.CharField(max_length=3)
    # What was asked for at the time, before tax and discounts.
    amount_minor = models.PositiveBigIntegerField()
    purchased_at = models.DateTimeField()
    # Of an imported one, the id in the books it came from.
    external_id = models.CharField(max_length=120, blank=True)

    objects = ScopedManager.from_queryset(PurchaseQuerySet)()

    class Meta:
        ordering = ["-purchased_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["consumer_tenant", "external_id"], condition=~Q(external_id=""), name="purchase_external_once"
            ),
            models.CheckConstraint(
                condition=Q(kind="subscription") | Q(subscription__isnull=True), name="purchase_subscription_whole"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-purchased_at"], name="purchase_organization"),
            models.Index(fields=["-purchased_at", "-id"], name="purchase_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.price}"
