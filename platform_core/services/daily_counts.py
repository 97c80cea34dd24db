"""How often things happen in an organization, by days of UTC: access tokens, agents, credentials, calls of the API.

What comes with nearly every request is counted in the process and written a few seconds later by a thread of its own
(`add`): no request asks the database for it. What happens seldom is written in the transaction of what happened
(`record`). Each write adds to the day's row, so any number of processes counts right, and a day that is over is left
alone. A process that ends writes what it has; one that is killed loses at most COUNTS_SECONDS of `add` (ADR 20).
"""

import atexit
import logging
import os
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from multiprocessing.util import Finalize
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import close_old_connections, connection, connections, transaction

from platform_core import clock, scoping
from platform_core.models import DailyCount

logger = logging.getLogger(__name__)

KEPT_DAYS = 400
COLUMNS = ("tokens_issued", "agents_registered", "credentials_generated", "api_calls_total")
ROWS = 200
Day = tuple[UUID, date]
Counts = dict[Day, Counter[str]]

_lock = threading.Lock()
# Held while the database is told: a process that ends waits for its thread.
_turn = threading.Lock()
_pending: Counts = {}
_writer: threading.Thread | None = None


def add(organization_id: UUID | None, what: str) -> None:
    """Count one more of these columns; nothing where it happened in no organization."""
    if organization_id is None:
        return
    day = (organization_id, clock.now().date())
    with _lock:
        _pending.setdefault(day, Counter())[what] += 1
        _begin_writing()


def record(organization_id: UUID, **amounts: int) -> None:
    """Count so many of these columns with what the transaction in hand does, and not if it is undone."""
    _store({(organization_id, clock.now().date()): Counter(amounts)})


def write() -> None:
    """Write what this process has counted. What was not written, for whatever reason, is kept for the next time."""
    with _turn:
        with _lock:
            taken = dict(_pending)
            _pending.clear()
        try:
            if taken:
                with transaction.atomic():
                    _store(taken)
        except Exception:
            with _lock:
                for day, counts in taken.items():
                    _pending.setdefault(day, Counter()).update(counts)
            raise


def forget() -> None:
    """Begin with nothing: what a process has not written yet is not written by those that it forks."""
    global _lock, _turn, _writer
    # Another thread may have held them when this process began.
    _lock, _turn, _writer = threading.Lock(), threading.Lock(), None
    _pending.clear()


def today(organization_id: UUID) -> DailyCount:
    """The counts of the present day so far, but for what other requests did in the last COUNTS_SECONDS."""
    day = clock.now().date()
    row = DailyCount.objects.filter(organization_id=organization_id, counted_on=day).first()
    return row or DailyCount(organization_id=organization_id, counted_on=day)


def forget_old() -> dict[str, int]:
    """Delete the days before the last KEPT_DAYS."""
    before = clock.now().date() - timedelta(days=KEPT_DAYS)
    return {"days": DailyCount.objects.filter(counted_on__lt=before).delete()[0]}


def _store(counts: Mapping[Day, Mapping[str, int]]) -> None:
    # Whoever writes several rows takes them in one order.
    with scoping.system(), connection.cursor() as cursor:
        ordered = sorted(counts)
        for start in range(0, len(ordered), ROWS):
            days = ordered[start : start + ROWS]
            values = [value for day in days for value in _row(day, counts[day])]
            cursor.execute(_statement(len(days)), values)


def _row(day: Day, counts: Mapping[str, int]) -> list[Any]:
    columns = ("organization_id", "counted_on")
    keys = [
        DailyCount._meta.get_field(name).get_db_prep_value(value, connection)  # type: ignore[union-attr]
        for name, value in zip(columns, day, strict=True)
    ]
    return [*keys, *(counts.get(name, 0) for name in COLUMNS)]


def _statement(rows: int) -> str:
    table = DailyCount._meta.db_table
    values = ", ".join([f"({', '.join(['%s'] * (len(COLUMNS) + 2))})"] * rows)
    added = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in COLUMNS)
    return (
        f"INSERT INTO {table} (organization_id, counted_on, {', '.join(COLUMNS)}) VALUES {values} "  # noqa: S608
        f"ON CONFLICT (organization_id, counted_on) DO UPDATE SET {added}"
    )


def _begin_writing() -> None:
    global _writer  # noqa: PLW0603 - one for each process
    if _writer is not None or not settings.COUNTS_SECONDS:
        return
    _writer = threading.Thread(target=_write_on, name="daily-counts", daemon=True)
    _writer.start()
    # Servers and workers end in one of these two ways, unless they are killed.
    atexit.register(_write_or_tell)
    Finalize(None, _write_or_tell, exitpriority=1)


def _write_on() -> None:
    rest = threading.Event()
    while settings.COUNTS_SECONDS:
        rest.wait(settings.COUNTS_SECONDS)
        _write_or_tell()
    connections.close_all()


def _write_or_tell() -> None:
    try:
        close_old_connections()
        try:
            write()
        finally:
            close_old_connections()
    except Exception:
        # Whatever it was, the thread goes on.
        logger.exception("Daily counts could not be written; they are kept and tried again.")


os.register_at_fork(after_in_child=forget)
