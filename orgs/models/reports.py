"""Reports of an organization, and those that are made by the clock."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from orgs.models.memberships import Membership, organizations_of
from orgs.models.organizations import Organization
from platform_core.models import Row
from platform_core.scoping import Scoped, ScopedManager

if TYPE_CHECKING:
    from identity.models import User


class Format(models.TextChoices):
    """What a report is a file of."""

    PDF = "pdf", "PDF"
    CSV = "csv", "CSV"


class ReportScheduleQuerySet(models.QuerySet["ReportSchedule"]):
    """Which schedules."""

    def visible_to(self, user: "User") -> "ReportScheduleQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))


class ReportSchedule(Scoped, Row):
    """A report that is made each week or month of what was before, and told of by mail."""

    class Every(models.TextChoices):
        WEEK = "week", "Every Monday"
        MONTH = "month", "Every first of a month"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="report_schedules")
    kind = models.CharField(max_length=40)
    format = models.CharField(max_length=3, choices=Format, default=Format.PDF)
    every = models.CharField(max_length=5, choices=Every)
    # Whoever leaves is told nothing more.
    recipients = models.ManyToManyField(Membership, related_name="+")
    # The next span begins here.
    next_on = models.DateField(db_index=True)

    objects = ScopedManager.from_queryset(ReportScheduleQuerySet)()

    class Meta:
        ordering = ["created_at"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.kind}, {self.get_every_display().lower()}"


class ReportQuerySet(models.QuerySet["Report"]):
    """Which reports."""

    def visible_to(self, user: "User") -> "ReportQuerySet":
        """Those of the person's organizations."""
        return self.filter(organization__in=organizations_of(user))


class Report(Scoped, Row):
    """One report: asked for, put together in the background, kept for a while."""

    class Status(models.TextChoices):
        PENDING = "pending", "In the making"
        READY = "ready"
        FAILED = "failed"
        EXPIRED = "expired"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="reports")
    kind = models.CharField(max_length=40)
    format = models.CharField(max_length=3, choices=Format, default=Format.PDF)
    starts_on = models.DateField()
    ends_on = models.DateField()
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    # How far it is, in per cent.
    progress = models.PositiveSmallIntegerField(default=0)
    file = models.CharField(max_length=200, blank=True)
    size = models.PositiveIntegerField(default=0)
    ready_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    # None: made by a schedule, or by somebody who is no longer there.
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    schedule = models.ForeignKey(ReportSchedule, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    objects = ScopedManager.from_queryset(ReportQuerySet)()

    class Meta:
        ordering = ["-created_at"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["organization", "created_at"], name="report_of_organization")]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "starts_on"], name="report_once_of_a_schedule"),
            models.CheckConstraint(condition=Q(starts_on__lte=models.F("ends_on")), name="report_days_in_order"),
            models.CheckConstraint(condition=Q(progress__lte=100), name="report_progress_in_per_cent"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.starts_on} to {self.ends_on}"
