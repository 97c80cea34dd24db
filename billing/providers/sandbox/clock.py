"""The sandbox's clock: business time, which a person may move forward and nobody may move back.

Advancing does everything that falls due on the way, in order and at its own time. Each step is a transaction that
also moves the clock to the step's time, so a crash on the way loses nothing: advancing again goes on from there.
"""

from datetime import datetime, timedelta

from django.db import connections, transaction

from billing.providers.sandbox.models import Clock
from billing.providers.sandbox.router import ALIAS
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput

ROW = 1
AHEAD = f"SELECT ahead FROM {Clock._meta.db_table} WHERE id = %s"  # noqa: S608 - our own table's name


def offset() -> timedelta:
    """How far business time is ahead of the machine's."""
    return _ahead(AHEAD) or timedelta(0)


def _ahead(asked: str) -> timedelta | None:
    # Asked in nearly every request: composing the query by the ORM takes longer than the heartbeat's own work.
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(asked, [ROW])
        row = cursor.fetchone()
    return _duration(row[0]) if row else None


def _duration(stored: timedelta | int) -> timedelta:
    """SQLite has no durations: Django keeps microseconds there."""
    return stored if isinstance(stored, timedelta) else timedelta(microseconds=stored)


def now() -> datetime:
    """Business time, read from its row."""
    return clock.wall() + offset()


def locked_now() -> datetime:
    """Business time, and the lock under which the account is written: call within a transaction."""
    # SQLite locks the whole database where a transaction begins.
    ahead = _ahead(f"{AHEAD} FOR UPDATE" if connections[ALIAS].features.has_select_for_update else AHEAD)
    if ahead is None:
        ahead = Clock.objects.select_for_update().get_or_create(pk=ROW)[0].ahead
    return clock.wall() + ahead


def reach(moment: datetime) -> None:
    """Move the clock to a moment unless it is already past it: call within a transaction."""
    if moment > locked_now():
        Clock.objects.filter(pk=ROW).update(ahead=moment - clock.wall())


def advance(to: datetime | None = None, *, by: timedelta | None = None) -> datetime:
    """Move business time forward, doing what falls due on the way; gives the new time."""
    # Imported late: what falls due reads this clock.
    from billing.providers.sandbox.behaviour import due  # noqa: PLC0415

    begun = now()
    target = _target(begun, to, by)
    if target < begun:
        raise Conflict("The sandbox's clock only moves forward.")
    due.run_until(int(target.timestamp()), moving_clock=True)
    with transaction.atomic(using=ALIAS, durable=True):
        reach(target)
    clock.refresh()
    return now()


def _target(begun: datetime, to: datetime | None, by: timedelta | None) -> datetime:
    if (to is None) == (by is None):
        raise InvalidInput("Say either when to advance to, or by how much.")
    if to is None:
        return begun + (by or timedelta(0))
    if to.tzinfo is None:
        raise InvalidInput("Say when to advance to with its time zone.")
    return to
