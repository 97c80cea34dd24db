"""The one moment at which the platform gets its first operator."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from platform_core import clock


class Setup(models.Model):
    """At most one row: whoever writes it is the first operator, and the door is closed behind them."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    completed_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name_plural = "setup"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="setup_once")]

    def __str__(self) -> str:
        return f"completed at {self.completed_at:%Y-%m-%d %H:%M}"
