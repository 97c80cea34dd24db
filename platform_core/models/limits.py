"""What an instance without Redis counts requests in: one row that every process sees, so that a limit is one limit."""

from django.db import models


class RateCounter(models.Model):
    """The requests of one caller in the present window and in the one before. Written by one statement each time."""

    key = models.CharField(max_length=64, primary_key=True)
    # In milliseconds of the machine's clock.
    start = models.BigIntegerField()
    current = models.PositiveIntegerField()
    previous = models.PositiveIntegerField()
    was_allowed = models.BooleanField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.key
