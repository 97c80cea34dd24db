"""Coupons: so much off, for whom and how often; and who used one."""

from collections.abc import Collection
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F, Q

from billing.models.subscriptions import CheckoutSession
from orgs.models import Organization, Product, organizations_of
from platform_core.models import Row, Unchanging
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from identity.models import User

WHOLE = 10_000


class Coupon(Unchanging, Row):
    """So much off. What it gives never changes: whoever has its code was promised that."""

    product_path = "product__code"
    may_change: ClassVar[Collection[str]] = ("name", "is_active", "redemption_count", "provider_coupon_id")

    class Duration(models.TextChoices):
        """The first payment, those of so many months, or every one."""

        ONCE = "once"
        REPEATING = "repeating"
        FOREVER = "forever"

    # What people type, in capitals.
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    # Hundredths of a percent, or an amount of one currency.
    percent_basis_points = models.PositiveIntegerField(null=True, blank=True)
    amount_minor = models.PositiveBigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    duration = models.CharField(max_length=9, choices=Duration, default=Duration.ONCE)
    months = models.PositiveSmallIntegerField(null=True, blank=True)
    # Only for this product; empty: for each.
    product = models.ForeignKey(Product, on_delete=models.PROTECT, null=True, blank=True, related_name="coupons")
    first_purchase_only = models.BooleanField(default=False)
    max_redemptions = models.PositiveIntegerField(null=True, blank=True)
    redemption_count = models.PositiveIntegerField(default=0)
    redeem_until = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    provider_coupon_id = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    percent_basis_points__isnull=False,
                    percent_basis_points__gte=1,
                    percent_basis_points__lte=WHOLE,
                    amount_minor__isnull=True,
                    currency="",
                )
                | (
                    Q(percent_basis_points__isnull=True, amount_minor__isnull=False, amount_minor__gte=1)
                    & ~Q(currency="")
                ),
                name="coupon_percent_or_amount",
            ),
            models.CheckConstraint(
                condition=Q(duration="repeating", months__isnull=False, months__gte=1)
                | (~Q(duration="repeating") & Q(months__isnull=True)),
                name="coupon_months_of_a_repeating",
            ),
            models.CheckConstraint(
                condition=Q(max_redemptions__isnull=True) | Q(redemption_count__lte=F("max_redemptions")),
                name="coupon_not_beyond_its_limit",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class CouponRedemptionQuerySet(models.QuerySet["CouponRedemption"]):
    """Which redemptions."""

    def visible_to(self, user: "User") -> "CouponRedemptionQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))


class CouponRedemption(Scoped, Row):
    """An organization's use of a coupon: reserved while its checkout is open, then redeemed, or released again."""

    product_path = "coupon__product__code"

    class Status(models.TextChoices):
        RESERVED = "reserved"
        REDEEMED = "redeemed"
        RELEASED = "released"

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="coupon_redemptions")
    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="redemptions")
    checkout = models.OneToOneField(
        CheckoutSession, on_delete=models.PROTECT, null=True, blank=True, related_name="coupon_redemption"
    )
    status = models.CharField(max_length=8, choices=Status, default=Status.RESERVED)
    redeemed_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager.from_queryset(CouponRedemptionQuerySet)()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["coupon", "organization"],
                condition=~Q(status="released"),
                name="coupon_redemption_once_an_organization",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.coupon} ({self.status})"
