"""What is done about a subscription whose renewal could not be paid."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

from billing.models.invoices import Invoice
from billing.models.subscriptions import Subscription
from orgs.models import Organization, organizations_of
from platform_core.models import Leased, Row
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from identity.models import User


class DunningQuerySet(models.QuerySet["Dunning"]):
    """Which of them."""

    def visible_to(self, user: "User") -> "DunningQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))

    def running(self) -> "DunningQuerySet":
        """Those that are not over; a subscription has at most one."""
        return self.filter(status__in=Dunning.RUNNING)


class Dunning(Scoped, Leased, Row):
    """From the first payment that failed until it is paid, or the subscription is lost.

    The provider goes on trying; what was bought stays usable through retrying and grace, and is suspended after that.
    """

    product_path = "subscription__plan__product__code"

    class Status(models.TextChoices):
        RETRYING = "retrying"
        # The last warning was sent: it says when.
        GRACE = "grace"
        SUSPENDED = "suspended"
        RECOVERED = "recovered"
        LOST = "lost"

    RUNNING = (Status.RETRYING, Status.GRACE, Status.SUSPENDED)
    CLAIMABLE: ClassVar[Sequence[str]] = (Status.RETRYING, Status.GRACE)

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="dunnings")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="dunnings")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="dunnings")
    status = models.CharField(max_length=10, choices=Status, default=Status.RETRYING)
    # Failed tries that were told of, the reason of the last one, and when the provider tries again by itself.
    try_count = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=300, blank=True)
    next_try_at = models.DateTimeField(null=True, blank=True)
    began_at = models.DateTimeField()
    suspend_at = models.DateTimeField()
    suspended_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager.from_queryset(DunningQuerySet)()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"],
                condition=Q(status__in=["retrying", "grace", "suspended"]),
                name="dunning_one_running",
            ),
        ]
        indexes = [
            models.Index(fields=["run_after"], name="dunning_due", condition=Q(status__in=["retrying", "grace"]))
        ]

    def __str__(self) -> str:
        return f"{self.invoice} ({self.status})"
