"""Moving the subscribers of a plan to its newer terms, or to another plan: looked at first, then one by one."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing.models.catalog import Plan, PlanVersion, Price
from billing.models.changes import SubscriptionChange
from billing.models.subscriptions import Subscription
from orgs.models import Organization, organizations_of
from platform_core.models import Row
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from identity.models import User


class PlanMigration(Row):
    """One move of many. What it would do stands in its moves before it is started, and what it did after."""

    product_path = "plan__product__code"

    class Policy(models.TextChoices):
        """When it is in force for each, and what that costs in the period that runs."""

        FREE = "free", "At once, nothing is charged or given back"
        RENEWAL = "renewal", "With the next period"
        PRORATED = "prorated", "At once, the rest of the period is charged or given back"

    class Status(models.TextChoices):
        DRAFT = "draft"
        RUNNING = "running"
        # By staff, or by the first that failed.
        STOPPED = "stopped"
        DONE = "done"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="migrations")
    to_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="+")
    policy = models.CharField(max_length=8, choices=Policy)
    # Whoever stays on their plan pays what they pay, or what it is sold at now.
    at_list_price = models.BooleanField(default=False)
    # Whether whoever is moved with their next period may stay as they are.
    is_declinable = models.BooleanField(default=False)
    status = models.CharField(max_length=8, choices=Status, default=Status.DRAFT)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=300)
    failure = models.CharField(max_length=500, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        default_permissions = ("view",)
        permissions = [("run_planmigration", "Can move the subscribers of a plan")]

    def __str__(self) -> str:
        return f"{self.plan} to {self.to_version}"


class PlanMoveQuerySet(models.QuerySet["PlanMove"]):
    """Which moves."""

    def visible_to(self, user: "User") -> "PlanMoveQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))

    def waiting(self) -> "PlanMoveQuerySet":
        """Those that are yet to be made, in the order in which they are."""
        return self.filter(status=PlanMove.Status.WAITING).order_by("pk")


class PlanMove(Scoped, Row):
    """One subscription's part: what it pays each period before and after, and what becomes due by it."""

    product_path = "subscription__plan__product__code"

    class Status(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        # It cannot be moved, or is not any more what was looked at.
        SKIPPED = "skipped"
        FAILED = "failed"

    migration = models.ForeignKey(PlanMigration, on_delete=models.CASCADE, related_name="moves")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="plan_moves")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="plan_moves")
    from_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="+")
    from_price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+")
    to_price = models.ForeignKey(Price, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    quantity = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    from_minor = models.BigIntegerField()
    to_minor = models.BigIntegerField(null=True, blank=True)
    due_minor = models.BigIntegerField(default=0)
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    change = models.OneToOneField(
        SubscriptionChange, on_delete=models.PROTECT, null=True, blank=True, related_name="plan_move"
    )
    note = models.CharField(max_length=500, blank=True)

    objects = ScopedManager.from_queryset(PlanMoveQuerySet)()

    class Meta:
        ordering = ["pk"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["migration", "subscription"], name="plan_move_one_each"),
            models.CheckConstraint(
                condition=~Q(status__in=["waiting", "done"]) | Q(to_price__isnull=False, to_minor__isnull=False),
                name="plan_move_priced",
            ),
            models.CheckConstraint(condition=~Q(status="done") | Q(change__isnull=False), name="plan_move_done"),
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.status}"
