"""What is added to prices for the state, and what of a customer decides it."""

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from orgs.models import Organization, organizations_of
from platform_core.models import Row
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from identity.models import User

# A rate is an integer of millionths: 19 % is 190,000.
PPM = 1_000_000


class TaxRate(Row):
    """The tax of a country, or of a region in the place of its country's, from one day to another.

    A country without a row is one in which no tax is due to us.
    """

    country = models.CharField(max_length=2)
    region = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=40, default="VAT")
    rate_ppm = models.PositiveIntegerField()
    # Whether prices contain it.
    is_inclusive = models.BooleanField(default=False)
    # Whether a business abroad with a tax id accounts for it itself.
    is_reverse_charged = models.BooleanField(default=False)
    starts_on = models.DateField()
    # The first day on which it no longer holds.
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["country", "region", "-starts_on"]
        constraints = [
            models.UniqueConstraint(fields=["country", "region", "starts_on"], name="tax_rate_once_a_day"),
            models.CheckConstraint(condition=Q(rate_ppm__lte=PPM), name="tax_rate_at_most_whole"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=models.F("starts_on")), name="tax_rate_days_ordered"
            ),
        ]

    def __str__(self) -> str:
        where = f"{self.country}-{self.region}" if self.region else self.country
        return f"{self.name} {where} {self.percent}"

    def clean(self) -> None:
        """Told here in words; the database itself refuses it too (billing.tax_guard)."""
        if not self.country or self.starts_on is None:
            return
        others = TaxRate.objects.filter(country=self.country, region=self.region).exclude(pk=self.pk)
        begun = others.filter(starts_on__lt=self.ends_on) if self.ends_on else others
        other = begun.filter(Q(ends_on=None) | Q(ends_on__gt=self.starts_on)).first()
        if other is not None:
            field = "starts_on" if self._state.adding else "ends_on"
            raise ValidationError({field: f"{other} holds from {other.starts_on} to {other.ends_on or 'now on'}."})

    @property
    def percent(self) -> str:
        """As people write it: 19%, 8.875%."""
        return percent(self.rate_ppm)


def percent(rate_ppm: int) -> str:
    """A rate as people write it."""
    whole, rest = divmod(rate_ppm, PPM // 100)
    digits = f"{rest:04d}".rstrip("0")
    return f"{whole}.{digits}%" if digits else f"{whole}%"


class BillingProfileQuerySet(models.QuerySet["BillingProfile"]):
    """Which profiles."""

    def visible_to(self, user: "User") -> "BillingProfileQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))


class BillingProfile(Scoped, Row):
    """Whom an organization's invoices are made out to, and under which tax id it does business."""

    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, related_name="billing_profile")
    legal_name = models.CharField(max_length=120, blank=True)
    line1 = models.CharField(max_length=120, blank=True)
    line2 = models.CharField(max_length=120, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=80, blank=True)
    region = models.CharField(max_length=40, blank=True)
    country = models.CharField(max_length=2, blank=True)
    tax_id = models.CharField(max_length=40, blank=True)

    objects = ScopedManager.from_queryset(BillingProfileQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(tax_id="") | ~Q(country=""), name="billing_profile_tax_id_of_a_country")
        ]

    def __str__(self) -> str:
        return self.legal_name or str(self.organization)
