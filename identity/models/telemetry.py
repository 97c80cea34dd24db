"""What people do with the product. It is a person's: exported with them, erased with them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from platform_core import clock
from platform_core.models import Row


class AnalyticsEvent(Row):
    """One thing that happened, recorded by the server; browsers report nothing."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="analytics_events")
    organization_id = models.UUIDField(null=True, blank=True)
    # One of identity.services.telemetry.NAMES.
    name = models.CharField(max_length=60)
    properties = models.JSONField(default=dict, blank=True)
    occurred_at = models.DateTimeField(default=clock.now)
    # Whether the person's day tells of it already.
    is_counted = models.BooleanField(default=False, editable=False)

    class Meta:
        db_table = "analytics_events"
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["name", "-occurred_at"], name="analytics_event_name"),
            models.Index(fields=["occurred_at"], name="analytics_event_uncounted", condition=Q(is_counted=False)),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.occurred_at:%Y-%m-%d %H:%M}"


class UserActivity(Row):
    """A person on one day (UTC), in one organization or in none: how often they did something, and when last."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="activities")
    organization_id = models.UUIDField(null=True, blank=True)
    active_on = models.DateField()
    events_count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        db_table = "user_activities"
        default_permissions = ("view",)
        verbose_name_plural = "user activities"
        constraints = [
            models.UniqueConstraint(fields=["user", "organization_id", "active_on"], name="user_activity_once_a_day"),
            models.UniqueConstraint(
                fields=["user", "active_on"], condition=Q(organization_id=None), name="user_activity_alone_once_a_day"
            ),
        ]
        indexes = [models.Index(fields=["active_on"], name="user_activity_day")]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.active_on}"
