"""A person's own data, put together for them to take away."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from platform_core import clock
from platform_core.models import Row


class DataExportQuerySet(models.QuerySet["DataExport"]):
    """Which exports."""

    def spoiled(self) -> "DataExportQuerySet":
        """Those whose file nobody can fetch any more, though it is still kept."""
        unused = Q(downloaded_at=None, expires_at__gt=clock.wall())
        return self.filter(status=DataExport.Status.READY).exclude(unused)


class DataExport(Row):
    """One request for it. The file is fetched once, by the person, with the link that was mailed to them."""

    class Status(models.TextChoices):
        PENDING = "pending"
        READY = "ready"
        ENDED = "ended"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="exports")
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    # The name under which the storage knows it.
    file = models.CharField(max_length=120, blank=True)
    token_digest = models.CharField(max_length=100, unique=True, null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    downloaded_at = models.DateTimeField(null=True, blank=True)

    objects = DataExportQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(status="pending"), name="data_export_one_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} of {self.created_at:%Y-%m-%d %H:%M}"
