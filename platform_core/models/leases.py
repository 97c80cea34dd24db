"""Rows that workers take in turn. The row is the truth; a broker's message is only a nudge to look."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

from django.db import models

from platform_core import clock

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
# When a row that waits for a signal is looked at without one.
NEVER = datetime(3000, 1, 1, tzinfo=UTC)


class Leased(models.Model):
    """A unit of work that exactly one worker holds at a time.

    `run_after` is business time (waits and back-off); `lease_until` is the machine's time. Each claim raises
    `lease_token`; a worker whose token is no longer the row's has been fenced off and its result is thrown away.
    """

    # The statuses a row can be claimed in, and the one a claim puts it in (none: it stays as it is).
    CLAIMABLE: ClassVar[Sequence[str]]
    TAKEN: ClassVar[str] = ""
    BACKOFF_CAP_SECONDS: ClassVar[int] = 600

    run_after = models.DateTimeField(default=clock.now)
    lease_until = models.DateTimeField(default=LONG_AGO, editable=False)
    lease_token = models.PositiveIntegerField(default=0, editable=False)
    worker = models.CharField(max_length=80, blank=True, editable=False)
    # Tries of the step or delivery in hand; set to 0 when it succeeds.
    attempt = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        abstract = True
