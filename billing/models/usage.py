"""What was used, hour by hour."""

from typing import TYPE_CHECKING

from django.db import models

from billing.models.periods import BillingPeriod
from billing.models.subscriptions import Subscription
from orgs.models import Organization, organizations_of
from platform_core.models import Row
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from identity.models import User


class UsageBucketQuerySet(models.QuerySet["UsageBucket"]):
    """Which buckets."""

    def visible_to(self, user: "User") -> "UsageBucketQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))

    def counted_in(self, period: BillingPeriod) -> "UsageBucketQuerySet":
        """Those whose hour counts in the period."""
        hours = self.filter(subscription=period.subscription_id, bucket_hour__gte=period.usage_from)
        return hours if period.usage_until is None else hours.filter(bucket_hour__lt=period.usage_until)

    def tokens(self) -> int:
        """How many tokens they hold together."""
        return self.aggregate(total=models.Sum("tokens_total"))["total"] or 0


class UsageBucket(Scoped, Row):
    """Tokens of one agent on one model in one hour: a snapshot, so a later report replaces it."""

    product_path = "subscription__plan__product__code"

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="usage_buckets")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="usage_buckets")
    # Whatever meters: today an order's id. Billing does not know orders.
    source_id = models.UUIDField()
    agent_code = models.CharField(max_length=80)
    model_name = models.CharField(max_length=120)
    bucket_hour = models.DateTimeField()
    tokens_input = models.PositiveBigIntegerField(default=0)
    tokens_output = models.PositiveBigIntegerField(default=0)
    tokens_cache_read = models.PositiveBigIntegerField(default=0)
    tokens_cache_write = models.PositiveBigIntegerField(default=0)
    web_search_count = models.PositiveIntegerField(default=0)
    web_fetch_count = models.PositiveIntegerField(default=0)
    # What the reporter says it cost, kept as a claim; what we charge comes from our prices.
    claimed_cost_cents = models.PositiveBigIntegerField(default=0)
    # Counted against the allotment: the sum of the four token columns.
    tokens_total = models.PositiveBigIntegerField(default=0)
    reported_at = models.DateTimeField()

    objects = ScopedManager.from_queryset(UsageBucketQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "source_id", "agent_code", "model_name", "bucket_hour"],
                name="usage_bucket_once",
            ),
        ]
        indexes = [
            models.Index(fields=["subscription", "bucket_hour"], name="usage_subscription_hour"),
            models.Index(fields=["organization", "bucket_hour"], name="usage_organization_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.agent_code} {self.bucket_hour:%Y-%m-%d %H}"
