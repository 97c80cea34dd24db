"""Who pays for what: our own columns, filled from the provider's objects."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing.models.catalog import Plan, PlanVersion, Price
from billing.models.consumers import ConsumerTenant
from orgs.models import Organization, organizations_of
from platform_core.models import Row
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from identity.models import User


class BillingAccount(Scoped, Row):
    """An organization as a customer of the payment provider."""

    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, related_name="billing_account")
    provider = models.CharField(max_length=20, default="stripe")
    provider_customer_id = models.CharField(max_length=120)

    objects = ScopedManager["BillingAccount"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "provider_customer_id"], name="billing_account_customer_unique")
        ]

    def __str__(self) -> str:
        return self.provider_customer_id


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """Which subscriptions."""

    def visible_to(self, user: "User") -> "SubscriptionQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))

    def live(self) -> "SubscriptionQuerySet":
        """Those that run: they are paid for, or asked to be."""
        return self.filter(status__in=Subscription.LIVE)

    def giving_access(self) -> "SubscriptionQuerySet":
        """Those whose product may be used now: one whose payment failed is, until it is suspended."""
        return self.live().filter(suspended_at=None)


class Subscription(Scoped, Row):
    """An organization's subscription to one plan."""

    product_path = "plan__product__code"

    class Status(models.TextChoices):
        INCOMPLETE = "incomplete"
        INCOMPLETE_EXPIRED = "incomplete_expired", "Incomplete expired"
        TRIALING = "trialing"
        ACTIVE = "active"
        PAST_DUE = "past_due", "Past due"
        UNPAID = "unpaid"
        PAUSED = "paused"
        CANCELED = "canceled"

    LIVE = (Status.TRIALING, Status.ACTIVE, Status.PAST_DUE)
    ENDED = (Status.CANCELED, Status.INCOMPLETE_EXPIRED)

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="subscriptions")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="subscriptions")
    # The terms and the prices it was bought on: later ones do not reach back.
    plan_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="subscriptions")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="subscriptions")
    overage_price = models.ForeignKey(Price, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    status = models.CharField(max_length=20, choices=Status)
    quantity = models.PositiveIntegerField(default=1)
    # What its price brings a month, discounts taken off, whether or not it counts now (`services/mrr.py`).
    monthly_minor = models.PositiveBigIntegerField(default=0, editable=False)
    trial_began_at = models.DateTimeField(null=True, blank=True, editable=False)
    current_period_start = models.DateTimeField()
    current_period_end = models.DateTimeField()
    # The consumer's tenant that bought it; None: its organization did.
    consumer_tenant = models.ForeignKey(
        ConsumerTenant, on_delete=models.PROTECT, null=True, blank=True, related_name="subscriptions"
    )
    cancel_at_period_end = models.BooleanField(default=False)
    # When cancellation was asked for, and when the subscription was over.
    canceled_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    trial_ends_at = models.DateTimeField(null=True, blank=True)
    # Since when what was bought is taken away because it is not paid for.
    suspended_at = models.DateTimeField(null=True, blank=True)
    provider = models.CharField(max_length=20, default="stripe")
    provider_subscription_id = models.CharField(max_length=120)
    # The machine's time at which the applied state was read from the provider: an older read never overwrites it.
    observed_at = models.DateTimeField()
    # Of all that was read then. A reading with the same digest found nothing new.
    snapshot_digest = models.CharField(max_length=64, blank=True, editable=False)

    objects = ScopedManager.from_queryset(SubscriptionQuerySet)()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_subscription_id"], name="subscription_provider_id_unique"
            ),
            models.CheckConstraint(
                condition=Q(current_period_end__gt=models.F("current_period_start")),
                name="subscription_period_ordered",
            ),
        ]
        indexes = [models.Index(fields=["status", "current_period_end"], name="subscription_renewal")]
        permissions = [("cancel_subscription", "Can cancel a subscription")]

    def __str__(self) -> str:
        return f"{self.plan} ({self.status})"

    @property
    def gives_access(self) -> bool:
        """Whether its product may be used now: the same as `SubscriptionQuerySet.giving_access` of one."""
        return self.status in self.LIVE and self.suspended_at is None

    @property
    def auto_renew(self) -> bool:
        """Whether it goes on by itself after its period."""
        return not self.cancel_at_period_end and self.status not in self.ENDED


class CheckoutSession(Scoped, Row):
    """One try to buy. A guest's has no organization until the buyer is known."""

    product_path = "plan__product__code"

    class Status(models.TextChoices):
        OPEN = "open"
        COMPLETED = "completed"
        # The page was left, or the debit that was promised on it did not come.
        EXPIRED = "expired"
        FAILED = "failed"

    class Claim(models.TextChoices):
        """Whether a guest's purchase needs the holder of its address to confirm it."""

        NOT_NEEDED = "not_needed", "Not needed"
        PENDING = "pending"
        CONFIRMED = "confirmed"

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="checkout_sessions"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # The consumer's tenant that it was opened for.
    consumer_tenant = models.ForeignKey(
        ConsumerTenant, on_delete=models.PROTECT, null=True, blank=True, related_name="checkout_sessions"
    )
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    plan_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="+")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+")
    # The one that it moves to another plan, on a page of ours; empty where it begins one, on the provider's page.
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, null=True, blank=True, related_name="offers"
    )
    quantity = models.PositiveIntegerField(default=1)
    # Days before the first payment, as they were promised when the page was opened.
    trial_days = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    claim = models.CharField(max_length=12, choices=Claim, default=Claim.NOT_NEEDED)
    claim_digest = models.CharField(max_length=100, blank=True, db_index=True)
    email = models.EmailField(blank=True)
    provider = models.CharField(max_length=20, default="stripe")
    # Empty between our row and the provider's answer.
    provider_session_id = models.CharField(max_length=120, blank=True)
    provider_customer_id = models.CharField(max_length=120, blank=True)
    provider_subscription_id = models.CharField(max_length=120, blank=True)
    url = models.URLField(max_length=800, blank=True)
    # Where the page leads back to; kept because a repeated request to the provider must be the same request.
    success_url = models.URLField(max_length=500)
    cancel_url = models.URLField(max_length=500)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager["CheckoutSession"]()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_session_id"],
                condition=~Q(provider_session_id=""),
                name="checkout_session_provider_id_unique",
            ),
            # Without them it is a guest's, whose buyer is found out when it completes.
            models.CheckConstraint(
                condition=Q(organization__isnull=True, created_by__isnull=True)
                | Q(organization__isnull=False, created_by__isnull=False)
                | Q(organization__isnull=False, consumer_tenant__isnull=False),
                name="checkout_session_buyer_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} ({self.status})"

    @property
    def is_one_off(self) -> bool:
        """Whether it is paid once and begins no subscription."""
        return bool(self.price.kind != Price.Kind.RECURRING)
