"""What is sold and for how much."""

from django.db import models
from django.db.models import Q

from orgs.models import Product
from platform_core.models import Row

# Prices per unit are integers of a billionth of the currency's minor unit.
NANO = 1_000_000_000


class Plan(Row):
    """A level of a product that an organization can subscribe to."""

    product_path = "product__code"

    class Kind(models.TextChoices):
        SUBSCRIPTION = "subscription"
        PAY_AS_YOU_GO = "pay_as_you_go", "Pay as you go"
        HYBRID = "hybrid"

    class Status(models.TextChoices):
        ACTIVE = "active"
        ARCHIVED = "archived"

    class Fulfilment(models.TextChoices):
        """What a subscription opens beside access: nothing, or an order for a server."""

        NONE = "none"
        SERVER = "server"

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="plans")
    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    # What a customer compares: "Team", or 004's tier such as "Build".
    tier = models.CharField(max_length=40)
    description = models.CharField(max_length=300, blank=True)
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.SUBSCRIPTION)
    fulfilment = models.CharField(max_length=8, choices=Fulfilment, default=Fulfilment.NONE)
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    # Order within the product: "one step up" is the next higher rank.
    rank = models.PositiveSmallIntegerField()
    features = models.JSONField(default=list, blank=True)
    rate_limit = models.PositiveIntegerField(null=True, blank=True)
    monthly_limit = models.PositiveBigIntegerField(null=True, blank=True)
    # Tokens included in each billing period; null: tokens are not part of the plan.
    token_allotment = models.PositiveBigIntegerField(null=True, blank=True)
    # Sold by agreement: no list price, no checkout.
    is_custom = models.BooleanField(default=False)

    class Meta:
        ordering = ["product__position", "rank"]
        constraints = [models.UniqueConstraint(fields=["product", "rank"], name="plan_rank_unique")]

    def __str__(self) -> str:
        return self.name


class Price(Row):
    """What a plan costs: a flat amount each interval, or an amount for each token beyond the allotment."""

    product_path = "plan__product__code"

    class Kind(models.TextChoices):
        RECURRING = "recurring"
        OVERAGE = "overage"

    class Interval(models.TextChoices):
        MONTH = "month"
        YEAR = "year"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="prices")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.RECURRING)
    interval = models.CharField(max_length=6, choices=Interval, default=Interval.MONTH)
    currency = models.CharField(max_length=3, default="usd")
    amount_minor = models.PositiveBigIntegerField(null=True, blank=True)
    unit_price_nano = models.PositiveBigIntegerField(null=True, blank=True)
    # Our name for it at the provider, and the provider's id once it was created there.
    lookup_key = models.CharField(max_length=100, unique=True)
    provider_price_id = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(kind="recurring", amount_minor__isnull=False, unit_price_nano__isnull=True)
                    | Q(kind="overage", amount_minor__isnull=True, unit_price_nano__isnull=False)
                ),
                name="price_amount_matches_kind",
            ),
            models.UniqueConstraint(
                fields=["plan", "kind", "interval", "currency"],
                condition=Q(is_active=True),
                name="price_one_active_of_a_kind",
            ),
        ]
        permissions = [("publish_price", "Can publish prices at the payment provider")]

    def __str__(self) -> str:
        return self.lookup_key
