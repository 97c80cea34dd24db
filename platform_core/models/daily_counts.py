"""How often things happened in an organization."""

from django.db import models

from platform_core.scoping import Scoped, ScopedManager


class DailyCount(Scoped, models.Model):
    """What happened in an organization on one day of UTC. Rows are only ever added to, each time by one statement."""

    organization_id = models.UUIDField()
    counted_on = models.DateField(db_index=True)
    tokens_issued = models.PositiveBigIntegerField(default=0)
    agents_registered = models.PositiveBigIntegerField(default=0)
    credentials_generated = models.PositiveBigIntegerField(default=0)
    api_calls_total = models.PositiveBigIntegerField(default=0)

    objects = ScopedManager["DailyCount"]()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "counted_on"], name="daily_count_one_for_each_day")
        ]

    def __str__(self) -> str:
        return f"{self.organization_id} on {self.counted_on}"
