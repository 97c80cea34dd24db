"""Taking rows in turn: the one claim statement, and results that count only while the row is still ours.

A worker that dies needs no handling: the claim has already written when the row may be tried again, and its lease
runs out. A worker that was only slow finds that its token is no longer the row's.
"""

import random
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Case, DateTimeField, Value, When

from platform_core import clock, transactions
from platform_core.models.leases import LONG_AGO, Leased

L = TypeVar("L", bound=Leased)

CLAIM = """
UPDATE {table}
SET lease_until = %(until)s, lease_token = lease_token + 1, worker = %(worker)s, attempt = attempt + 1,
    status = {taken}, run_after = {backoff}
WHERE id = (
    SELECT id FROM {table} WHERE {free} AND run_after <= %(now)s {chosen} ORDER BY run_after LIMIT 1 {skip_locked}
) AND {free}
RETURNING {columns}
"""


def claim(model: type[L], *, worker: str, seconds: float | None = None, pk: object = None) -> L | None:
    """Take the row that has waited longest, or the one named; of several callers exactly one gets it."""
    transactions.outside()
    connection = connections[router.db_for_write(model)]
    values = {"worker": worker[:80], "until": _until(seconds), "now": clock.now(), "wall": clock.wall(), "pk": pk}
    values |= {f"try_{tried}": clock.now() + wait for tried, wait in enumerate(_backoff(model))}
    values |= {f"status_{index}": status for index, status in enumerate(model.CLAIMABLE)}
    rows = model._base_manager.using(connection.alias).raw(
        _statement(model, connection, chosen=pk is not None),
        {name: _adapted(model, name, value, connection) for name, value in values.items()},
    )
    return next(iter(list(rows)), None)


def settle(row: Leased, **changes: Any) -> bool:
    """Write a result and free the row, if it is still ours; False: it is not, and the result must be thrown away."""
    held = row._meta.model._base_manager.filter(pk=row.pk, lease_token=row.lease_token)
    if held.update(lease_until=LONG_AGO, **changes) != 1:
        return False
    for name, value in changes.items():
        if not hasattr(value, "resolve_expression"):
            setattr(row, name, value)
    return True


def renew(row: Leased, seconds: float | None = None) -> bool:
    """Hold the row for longer; False when it is no longer ours."""
    held = row._meta.model._base_manager.filter(pk=row.pk, lease_token=row.lease_token)
    return held.update(lease_until=_until(seconds)) == 1


def lease_seconds(seconds: float | None = None) -> float:
    """How long a lease lasts unless it is renewed."""
    return float(settings.WORKER_LEASE_SECONDS if seconds is None else seconds)


def backed_off(model: type[Leased]) -> Case:
    """When rows that are tried now may be tried again, each by its own tries so far: for an update of several."""
    waits = [clock.now() + wait for wait in _backoff(model)]
    tried = [When(attempt=number, then=Value(at)) for number, at in enumerate(waits[:-1])]
    return Case(*tried, default=Value(waits[-1]), output_field=DateTimeField())


def _until(seconds: float | None) -> datetime:
    return clock.wall() + timedelta(seconds=lease_seconds(seconds))


def _backoff(model: type[Leased]) -> list[timedelta]:
    """The wait before each further try, should this one not come back: doubling, capped, with jitter."""
    cap = model.BACKOFF_CAP_SECONDS
    tries = range(cap.bit_length() + 1)
    return [timedelta(seconds=min(2**tried, cap) * random.uniform(0.5, 1)) for tried in tries]  # noqa: S311


def _statement(model: type[Leased], connection: BaseDatabaseWrapper, *, chosen: bool) -> str:
    """The claim as SQL: the same text on both engines, but for the clause that SQLite, with one writer, lacks."""
    tries = len(_backoff(model))
    whens = " ".join(f"WHEN {tried} THEN %(try_{tried})s" for tried in range(tries - 1))
    statuses = ", ".join(f"%(status_{index})s" for index in range(len(model.CLAIMABLE)))
    columns = [str(field.column) for field in model._meta.concrete_fields]
    return CLAIM.format(
        table=connection.ops.quote_name(model._meta.db_table),
        columns=", ".join(connection.ops.quote_name(column) for column in columns),
        free=f"status IN ({statuses}) AND lease_until < %(wall)s",
        taken=f"'{model.TAKEN}'" if model.TAKEN else "status",
        backoff=f"CASE attempt {whens} ELSE %(try_{tries - 1})s END",
        chosen="AND id = %(pk)s" if chosen else "",
        skip_locked="FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else "",
    )


def _adapted(model: type[Leased], name: str, value: Any, connection: BaseDatabaseWrapper) -> Any:
    """A value as the engine's driver wants it; SQLite keeps times and UUIDs as text."""
    if name == "pk":
        return model._meta.pk.get_db_prep_value(value, connection)
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
