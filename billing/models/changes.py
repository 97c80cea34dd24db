"""What was asked to be changed of a subscription, from before the provider is asked until what it did is known."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing.models.catalog import PlanVersion, Price
from billing.models.subscriptions import Subscription
from orgs.models import Organization, organizations_of
from platform_core.models import Leased, Row
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from identity.models import User


class SubscriptionChangeQuerySet(models.QuerySet["SubscriptionChange"]):
    """Which changes."""

    def visible_to(self, user: "User") -> "SubscriptionChangeQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))

    def pending(self) -> "SubscriptionChangeQuerySet":
        """Those of which it is not known what the provider did; a subscription has at most one."""
        return self.filter(status=SubscriptionChange.Status.PENDING)

    def scheduled(self) -> "SubscriptionChangeQuerySet":
        """Those that the provider carries out when the period ends; a subscription has at most one."""
        return self.filter(status=SubscriptionChange.Status.SCHEDULED)

    def confirming(self) -> "SubscriptionChangeQuerySet":
        """Those that wait for the customer's bank; a subscription has at most one."""
        return self.filter(status=SubscriptionChange.Status.CONFIRMING)

    def binding(self) -> "SubscriptionChangeQuerySet":
        """The scheduled ones that are not the customer's to take back."""
        return self.scheduled().filter(is_binding=True)


class SubscriptionChange(Scoped, Leased, Row):
    """One change of one subscription. Whoever repeats it does so under its own key, so it is made once."""

    product_path = "subscription__plan__product__code"

    class Kind(models.TextChoices):
        # Another price or quantity: more, or less. Customers have more at once, less from the next period on.
        UPGRADE = "upgrade"
        DOWNGRADE = "downgrade"
        # So many of what is sold beside the plan: at once where it is more, from the next period on where it is less.
        ADD_ONS = "add_ons", "Add-ons"
        # The end: with the period, or at once.
        CANCEL = "cancel"
        END = "end", "End now"
        # Neither the planned end nor the planned downgrade comes; or what was paused for want of a card goes on.
        RESUME = "resume"
        TRIAL = "trial", "Another end of the trial"
        TERMS = "terms", "Newer terms"

    class Status(models.TextChoices):
        PENDING = "pending"
        SCHEDULED = "scheduled"
        # The customer's bank wants to hear from them before it pays.
        CONFIRMING = "confirming", "Waits for the customer's bank"
        APPLIED = "applied"
        # The provider refused, and did nothing.
        REFUSED = "refused"
        # Another change took its place before it came into force.
        WITHDRAWN = "withdrawn"
        # Nobody confirmed the payment in time.
        LAPSED = "lapsed"

    class Timing(models.TextChoices):
        """When another price or quantity is in force."""

        NOW = "now"
        RENEWAL = "renewal", "At renewal"

    # A scheduled one is looked at only where the provider let go of it (`planned.look_after`).
    CLAIMABLE: ClassVar[Sequence[str]] = (Status.PENDING, Status.CONFIRMING, Status.SCHEDULED)

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="subscription_changes")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=10, choices=Kind)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    timing = models.CharField(max_length=8, choices=Timing, default=Timing.NOW)
    # What the subscription is to be for; empty where it only ends, or goes on.
    price = models.ForeignKey(Price, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # Of its own plan; None: those that come with its price.
    plan_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    quantity = models.PositiveIntegerField(default=1)
    # The moment from which an upgrade is paid for, and what it comes to: what was shown is what is charged.
    prorated_at = models.DateTimeField(null=True, blank=True)
    due_minor = models.BigIntegerField(default=0)
    trial_ends_at = models.DateTimeField(null=True, blank=True)
    # When a scheduled one comes into force.
    effective_at = models.DateTimeField(null=True, blank=True)
    # Of one that waits for the bank: the invoice that is to be paid, the page on which it is, and until when it may be.
    provider_invoice_id = models.CharField(max_length=255, blank=True)
    confirm_url = models.URLField(max_length=2000, blank=True)
    lapses_at = models.DateTimeField(null=True, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True)
    # Staff decided it for everybody on the plan: whoever is moved may leave, but not stay as they are.
    is_binding = models.BooleanField(default=False)
    # What was planned before it goes on waiting beside it.
    keeps_planned = models.BooleanField(default=False)
    # Of the request that asked, where it came under a key of the caller's: asking again finds this row.
    request_digest = models.CharField(max_length=64, blank=True, editable=False)
    failure = models.CharField(max_length=500, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager.from_queryset(SubscriptionChangeQuerySet)()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"], condition=Q(status="pending"), name="subscription_change_one_pending"
            ),
            models.UniqueConstraint(
                fields=["subscription"], condition=Q(status="scheduled"), name="subscription_change_one_scheduled"
            ),
            models.UniqueConstraint(
                fields=["subscription"], condition=Q(status="confirming"), name="subscription_change_one_confirming"
            ),
            models.CheckConstraint(
                condition=~Q(status="confirming") | Q(lapses_at__isnull=False),
                name="subscription_change_lapses",
            ),
            models.UniqueConstraint(
                fields=["request_digest"], condition=~Q(request_digest=""), name="subscription_change_request_unique"
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["upgrade", "downgrade", "add_ons"]) | Q(price__isnull=False),
                name="subscription_change_priced",
            ),
            models.CheckConstraint(
                condition=~Q(kind="terms") | Q(plan_version__isnull=False), name="subscription_change_of_terms"
            ),
        ]
        indexes = [
            models.Index(
                fields=["run_after"],
                name="subscription_change_waiting",
                condition=Q(status__in=["pending", "confirming", "scheduled"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.status})"

    @property
    def idempotency_key(self) -> str:
        """What the provider knows it by."""
        return f"change:{self.pk}"
