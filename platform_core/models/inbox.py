"""What outside providers told us. A verified event is stored before it is acted upon, once."""

from django.db import models
from django.db.models import Q

from platform_core.models.leases import Leased
from platform_core.models.rows import Row


class ProviderEvent(Row, Leased):
    """A signed event of a payment provider. The body is kept as it came; what we act on is fetched anew."""

    class Status(models.TextChoices):
        RECEIVED = "RECEIVED"
        PROCESSED = "PROCESSED"
        IGNORED = "IGNORED"
        FAILED = "FAILED"

    CLAIMABLE = (Status.RECEIVED,)
    # A provider that is away for hours is asked once an hour.
    BACKOFF_CAP_SECONDS = 3600

    provider = models.CharField(max_length=20)
    external_id = models.CharField(max_length=120)
    kind = models.CharField(max_length=80)
    object_id = models.CharField(max_length=120, blank=True)
    occurred_at = models.DateTimeField()
    payload = models.JSONField()
    status = models.CharField(max_length=10, choices=Status, default=Status.RECEIVED)
    processed_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "external_id"], name="provider_event_once")]
        indexes = [
            models.Index(fields=["run_after"], name="provider_event_waiting", condition=Q(status="RECEIVED")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"
