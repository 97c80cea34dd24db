"""What is sold and for how much."""

from collections.abc import Collection
from typing import ClassVar

from django.db import models
from django.db.models import Q

from billing.models.terms import (
    MAX_TIERS,
    Entitlement,
    EntitlementsField,
    NamesField,
    Tier,
    TiersField,
    entitlements_of,
    length,
    tiers_of,
)
from orgs.models import Product
from platform_core.models import Row, Unchanging

# Prices per unit are integers of a billionth of the currency's minor unit.
NANO = 1_000_000_000
LONGEST_TRIAL_DAYS = 730


class PlanQuerySet(models.QuerySet["Plan"]):
    """Which plans."""

    def on_sale(self) -> "PlanQuerySet":
        """Those that can be bought by themselves."""
        return self.filter(status=Plan.Status.ACTIVE, is_add_on=False)

    def add_ons(self) -> "PlanQuerySet":
        """What is on sale beside them."""
        return self.filter(status=Plan.Status.ACTIVE, is_add_on=True)


class Plan(Row):
    """A level of a product that an organization can subscribe to. What it includes stands in its versions."""

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
    # Sold by agreement: no list price, no checkout.
    is_custom = models.BooleanField(default=False)
    # Not by itself: beside any plan of its product, in the same subscription.
    is_add_on = models.BooleanField(default=False)
    # What whoever buys now gets. Made together with the plan: the database looks when the transaction ends.
    current = models.ForeignKey("billing.PlanVersion", on_delete=models.PROTECT, related_name="+")

    objects = models.Manager.from_queryset(PlanQuerySet)()

    class Meta:
        ordering = ["product__position", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["product", "rank"], name="plan_rank_unique"),
            models.CheckConstraint(
                condition=Q(is_add_on=False) | Q(is_custom=False, fulfilment="none"), name="plan_add_on_is_plain"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    # What the plan includes for whoever buys it now. What a subscriber has is in their subscription's `plan_version`.
    @property
    def features(self) -> list[str]:
        return list(self.current.features)

    @property
    def rate_limit(self) -> int | None:
        return self.current.rate_limit

    @property
    def monthly_limit(self) -> int | None:
        return self.current.monthly_limit

    @property
    def token_allotment(self) -> int | None:
        return self.current.token_allotment

    @property
    def trial_days(self) -> int:
        return self.current.trial_days

    @property
    def entitlements(self) -> tuple[Entitlement, ...]:
        return self.current.granted


class PlanVersion(Unchanging, Row):
    """What a plan includes, from one change of its terms to the next. A subscription keeps the one it was bought on."""

    product_path = "plan__product__code"

    class AfterTrial(models.TextChoices):
        """What becomes of a trial that ends without a way to pay: it waits for one, or is over."""

        PAUSE = "pause", "Paused"
        CANCEL = "cancel", "Canceled"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    features = NamesField(default=list, blank=True)
    # Requests a minute, and a month.
    rate_limit = models.PositiveIntegerField(null=True, blank=True)
    monthly_limit = models.PositiveBigIntegerField(null=True, blank=True)
    # Tokens included in each billing period; null: tokens are not part of the plan.
    token_allotment = models.PositiveBigIntegerField(null=True, blank=True)
    trial_days = models.PositiveSmallIntegerField(default=0)
    after_trial = models.CharField(max_length=6, choices=AfterTrial, default=AfterTrial.PAUSE)
    entitlements = EntitlementsField(default=list, blank=True)
    # Codes of the products that a bundle gives access to beside its own.
    covers = NamesField(default=list, blank=True)

    class Meta:
        ordering = ["plan", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="plan_version_number_unique"),
            models.CheckConstraint(condition=Q(number__gte=1), name="plan_version_numbered"),
            models.CheckConstraint(condition=Q(trial_days__lte=LONGEST_TRIAL_DAYS), name="plan_version_trial"),
        ]

    def __str__(self) -> str:
        return f"{self.plan}, version {self.number}"

    @property
    def granted(self) -> tuple[Entitlement, ...]:
        """Its entitlements."""
        return entitlements_of(self.entitlements)


class PriceQuerySet(models.QuerySet["Price"]):
    """Which prices."""

    def on_sale(self) -> "PriceQuerySet":
        """Those that something can be bought at now."""
        return self.filter(is_active=True, plan__status=Plan.Status.ACTIVE)

    def sold_by(self, interval: str) -> "PriceQuerySet":
        """What is paid for each interval now, or once."""
        kind = Price.Kind.ONE_OFF if interval == Price.Interval.ONCE else Price.Kind.RECURRING
        return self.filter(kind=kind, interval=interval, is_active=True)


class Price(Unchanging, Row):
    """What a plan costs. It never changes: another takes its place, and whoever bought at this one keeps it."""

    product_path = "plan__product__code"
    may_change: ClassVar[Collection[str]] = ("is_active", "provider_price_id")
    may_be_deleted: ClassVar[bool] = True

    class Kind(models.TextChoices):
        """For each interval, for what is used beyond the allotment, or once."""

        RECURRING = "recurring"
        OVERAGE = "overage"
        ONE_OFF = "one_off", "One-off"

    class Scheme(models.TextChoices):
        """How a quantity becomes an amount."""

        FLAT = "flat"
        PER_UNIT = "per_unit", "Per unit"
        GRADUATED = "graduated"
        VOLUME = "volume"
        PACKAGE = "package"

    class Interval(models.TextChoices):
        MONTH = "month"
        YEAR = "year"
        ONCE = "once"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="prices")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.RECURRING)
    scheme = models.CharField(max_length=10, choices=Scheme, default=Scheme.PER_UNIT)
    interval = models.CharField(max_length=6, choices=Interval, default=Interval.MONTH)
    currency = models.CharField(max_length=3, default="usd")
    # Flat: once each interval. Per unit: for each. Package: for each begun package of so many units.
    amount_minor = models.PositiveBigIntegerField(null=True, blank=True)
    unit_price_nano = models.PositiveBigIntegerField(null=True, blank=True)
    package_size = models.PositiveBigIntegerField(null=True, blank=True)
    tiers = TiersField(null=True, blank=True)
    # Our name for it at the provider and a consumer's code; it passes on to the price that takes this one's place.
    lookup_key = models.CharField(max_length=100)
    provider_price_id = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    # Whose place it took: that one gets it back where the provider refuses this one.
    replaces = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    objects = models.Manager.from_queryset(PriceQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(scheme="flat", amount_minor__isnull=False, unit_price_nano__isnull=True)
                    & ~Q(kind="overage")
                    & Q(tiers__isnull=True, package_size__isnull=True)
                )
                | (
                    Q(scheme="per_unit", tiers__isnull=True, package_size__isnull=True)
                    & (
                        (Q(amount_minor__isnull=False, unit_price_nano__isnull=True) & ~Q(kind="overage"))
                        | Q(kind="overage", amount_minor__isnull=True, unit_price_nano__isnull=False)
                    )
                )
                | Q(
                    scheme="package",
                    amount_minor__isnull=False,
                    unit_price_nano__isnull=True,
                    tiers__isnull=True,
                    package_size__isnull=False,
                    package_size__gte=1,
                )
                | Q(
                    scheme__in=["graduated", "volume"],
                    amount_minor__isnull=True,
                    unit_price_nano__isnull=True,
                    tiers__isnull=False,
                    package_size__isnull=True,
                ),
                name="price_amount_matches_scheme",
            ),
            models.CheckConstraint(
                condition=Q(tiers__isnull=True)
                | Q(models.lookups.GreaterThanOrEqual(length("tiers"), 1))
                & Q(models.lookups.LessThanOrEqual(length("tiers"), MAX_TIERS)),
                name="price_tiers_counted",
            ),
            models.CheckConstraint(
                condition=Q(kind="one_off", interval="once") | (~Q(kind="one_off") & ~Q(interval="once")),
                name="price_interval_matches_kind",
            ),
            models.UniqueConstraint(
                fields=["plan", "kind", "interval", "currency"],
                condition=Q(is_active=True),
                name="price_one_active_of_a_kind",
            ),
            models.UniqueConstraint(
                fields=["lookup_key"], condition=Q(is_active=True), name="price_one_active_of_a_key"
            ),
        ]
        indexes = [models.Index(fields=["provider_price_id"], name="price_at_provider")]
        permissions = [("publish_price", "Can publish prices at the payment provider")]

    def __str__(self) -> str:
        return self.lookup_key

    @property
    def steps(self) -> tuple[Tier, ...]:
        """Its tiers."""
        return tiers_of(self.tiers) if self.tiers else ()
