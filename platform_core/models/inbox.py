"""What outside providers told us. A verified event is stored before it is acted upon, once."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connections, models, router
from django.db.models import F, Q

from platform_core import clock
from platform_core.models.leases import LONG_AGO, Leased
from platform_core.models.rows import Row


@cache
def _insert(count: int, *, is_numbered: bool = False) -> str:
    """Composing it by the ORM, and the transaction that the ORM puts around it, take longer than the database does."""
    fields = ProviderEvent._meta.concrete_fields
    columns = ", ".join(f'"{each.column}"' for each in fields)
    marks = [f"${number}" if is_numbered else "%s" for number in range(1, count * len(fields) + 1)]
    rows = ", ".join(f"({', '.join(marks[at : at + len(fields)])})" for at in range(0, len(marks), len(fields)))
    return f'INSERT INTO "{ProviderEvent._meta.db_table}" ({columns}) VALUES {rows} ON CONFLICT DO NOTHING'  # noqa: S608 - names of ours


def _store(connection: Any, count: int, values: Sequence[Any]) -> int:
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_insert(count), values)
            return int(cursor.rowcount)
    from psycopg import RawCursor  # noqa: PLC0415 - SQLite alone needs no driver of PostgreSQL

    # The server is given the values beside the statement: text written into it costs more than storing it.
    connection.ensure_connection()
    with connection.wrap_database_errors, RawCursor(connection.connection) as cursor:
        cursor.execute(_insert(count, is_numbered=True), values)
        return cursor.rowcount


class ProviderEventQuerySet(models.QuerySet["ProviderEvent"]):
    """Which events."""

    def waiting(self) -> "ProviderEventQuerySet":
        """Those to be acted upon now, the longest due first."""
        return self.filter(status=ProviderEvent.Status.RECEIVED, run_after__lte=clock.now()).order_by("run_after")

    def keep(self, arrived: "Sequence[ProviderEvent]") -> int:
        """Store events; gives how many were not stored already.

        One statement, which stores all of them or none; in one order, so that no two processes wait for each other.
        """
        ordered = sorted(arrived, key=lambda event: (event.provider, event.external_id))
        connection = connections[router.db_for_write(ProviderEvent)]
        fields = ProviderEvent._meta.concrete_fields
        values = [
            each.get_db_prep_save(getattr(event, each.attname), connection) for event in ordered for each in fields
        ]
        return _store(connection, len(arrived), values)

    def between(self, since: datetime, until: datetime) -> "ProviderEventQuerySet":
        """Those of what happened from one moment up to another."""
        return self.filter(occurred_at__gte=since, occurred_at__lt=until)


class ProviderEvent(Row, Leased):
    """A signed event of a payment provider. The body is kept as it came; what we act on is fetched anew."""

    class Status(models.TextChoices):
        RECEIVED = "RECEIVED"
        PROCESSED = "PROCESSED"
        IGNORED = "IGNORED"
        FAILED = "FAILED"

    class Source(models.TextChoices):
        """How we came to know of it."""

        WEBHOOK = "webhook"
        LISTED = "listed"

    CLAIMABLE = (Status.RECEIVED,)
    # A provider that is away for hours is asked once an hour.
    BACKOFF_CAP_SECONDS = 3600

    provider = models.CharField(max_length=20)
    external_id = models.CharField(max_length=120)
    kind = models.CharField(max_length=80)
    object_id = models.CharField(max_length=120, blank=True)
    # What it is read by, and whose it is: events of one owner are acted upon by one worker at a time.
    subject_id = models.CharField(max_length=120, blank=True)
    owner_id = models.CharField(max_length=120, blank=True)
    source = models.CharField(max_length=10, choices=Source, default=Source.WEBHOOK)
    occurred_at = models.DateTimeField()
    # The text that was signed: whoever doubts it can verify it again. Nothing is asked of it in the database.
    body = models.TextField()
    status = models.CharField(max_length=10, choices=Status, default=Status.RECEIVED)
    processed_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=1000, blank=True)

    objects = ProviderEventQuerySet.as_manager()

    class Meta:
        permissions = [("replay_providerevent", "Can act upon provider events again")]
        constraints = [models.UniqueConstraint(fields=["provider", "external_id"], name="provider_event_once")]
        indexes = [
            models.Index(fields=["run_after"], name="provider_event_waiting", condition=Q(status="RECEIVED")),
            models.Index(fields=["owner_id"], name="provider_event_owner", condition=Q(status="RECEIVED")),
            models.Index(fields=["occurred_at"], name="provider_event_occurred"),
            models.Index(fields=["occurred_at"], name="provider_event_failed", condition=Q(status="FAILED")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"


class ProviderEventTry(Row):
    """One time that an event was acted upon, and what came of it."""

    class Outcome(models.TextChoices):
        PROCESSED = "PROCESSED"
        IGNORED = "IGNORED"
        PUT_BACK = "PUT_BACK", "Put back"
        FAILED = "FAILED"

    event = models.ForeignKey(ProviderEvent, on_delete=models.CASCADE, related_name="tries")
    outcome = models.CharField(max_length=10, choices=Outcome)
    detail = models.CharField(max_length=1000, blank=True)
    worker = models.CharField(max_length=80, blank=True)
    # How many events the same reading settled, this one among them.
    together_count = models.PositiveIntegerField(default=1)
    duration_ms = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return self.outcome


class ProviderObject(Row, Leased):
    """An object at a provider to which events belong: one worker at a time reads it and writes what it read.

    Each claim raises `lease_token`, the sequence of the reading that it is for; `applied_seq` is the reading that was
    written last. A tombstone stays where the object is gone for good: whatever comes late about it changes nothing.
    """

    class Status(models.TextChoices):
        LIVE = "LIVE"
        DELETED = "DELETED"

    CLAIMABLE = (Status.LIVE, Status.DELETED)
    # Whoever waits for it waits for a reading, not for a provider that is away: events have a back-off of their own.
    BACKOFF_CAP_SECONDS = 1

    provider = models.CharField(max_length=20)
    external_id = models.CharField(max_length=120)
    status = models.CharField(max_length=10, choices=Status, default=Status.LIVE)
    deleted_at = models.DateTimeField(null=True, blank=True)
    applied_seq = models.PositiveIntegerField(default=0)
    # Of the reading that was written last; the next one is later, whatever its machine's clock says.
    observed_at = models.DateTimeField(default=LONG_AGO)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "external_id"], name="provider_object_once"),
            models.CheckConstraint(condition=Q(applied_seq__lte=F("lease_token")), name="provider_object_applied_read"),
            models.CheckConstraint(
                condition=Q(status="LIVE", deleted_at=None) | Q(status="DELETED", deleted_at__isnull=False),
                name="provider_object_tombstone",
            ),
        ]

    def __str__(self) -> str:
        return self.external_id


class ProviderCursor(Row):
    """How far a provider's list was read; who reads on begins there."""

    provider = models.CharField(max_length=20)
    # What is read: "events", or the objects that a reconciliation compares.
    name = models.CharField(max_length=40)
    position = models.CharField(max_length=200, blank=True)
    # Of the run in hand, or of the last one: when it began and ended, what it looked at and what it found.
    began_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    read_count = models.PositiveIntegerField(default=0)
    found_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "name"], name="provider_cursor_once")]

    def __str__(self) -> str:
        return f"{self.provider} {self.name}"
