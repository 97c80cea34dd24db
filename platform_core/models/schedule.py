"""Periodic work: which slot of which task has run."""

from django.db import models

from platform_core.models.leases import Leased


class CronRun(Leased):
    """One slot of one periodic task. Unique, so a doubled call does nothing; one whose process died is taken over."""

    class Status(models.TextChoices):
        RUNNING = "RUNNING"
        DONE = "DONE"
        FAILED = "FAILED"

    CLAIMABLE = (Status.RUNNING, Status.FAILED)
    TAKEN = Status.RUNNING

    name = models.CharField(max_length=80)
    slot = models.CharField(max_length=40)
    status = models.CharField(max_length=8, choices=Status, default=Status.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict)
    error = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "slot"], name="cron_run_once_per_slot")]

    def __str__(self) -> str:
        return f"{self.name} {self.slot}"
