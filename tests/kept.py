"""Situations that many tests begin with: come about once, as the product makes them, and put back row by row."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connections, models, router, transaction

from billing.providers.sandbox import clock as sandbox
from billing.providers.sandbox.models import Clock
from platform_core import clock

Row = tuple[Any, ...]
# What came about on a busy machine minutes ago is no longer what has just happened.
NEW_SECONDS = 120.0


@dataclass(frozen=True)
class _Situation:
    """The rows that came of it, table by table, and when it is in the sandbox, if its clock was moved."""

    rows: dict[type[models.Model], list[Row]] = field(default_factory=dict)
    # Tables whose rows are numbered by the database, and that none of the other rows refer to: they are given new ones.
    numbered: frozenset[type[models.Model]] = frozenset()
    moment: datetime | None = None
    came_about: float = field(default_factory=time.monotonic)

    @property
    def is_usable(self) -> bool:
        """Whether it can be put back as it was: at its moment, or about now."""
        return self.moment is not None or time.monotonic() - self.came_about < NEW_SECONDS


_situations: dict[str, _Situation] = {}


def situation(name: str, come_about: Callable[[], object]) -> None:
    """What `come_about` leads to. Only rows are kept: it must start from nothing that a test may have changed."""
    kept = _situations.get(name)
    if kept is not None and kept.is_usable:
        _put_back(kept)
    else:
        _situations[name] = _kept(come_about)


def _kept(come_about: Callable[[], object]) -> _Situation:
    before, ahead = _everything(), sandbox.offset()
    come_about()
    found = {model: _added(model, before[model], rows) for model, rows in _everything().items()}
    rows = {model: added for model, added in found.items() if added}
    numbered = frozenset(model for model in rows if _is_numbered(model, rows))
    return _Situation(
        {model: [_written(row, model, numbered) for row in added] for model, added in rows.items()},
        numbered,
        sandbox.now() if sandbox.offset() != ahead else None,
    )


def _is_numbered(model: type[models.Model], rows: dict[type[models.Model], list[Row]]) -> bool:
    referring = {relation.related_model for relation in model._meta.related_objects}
    return isinstance(model._meta.pk, models.AutoField) and referring.isdisjoint(rows)


def _written(row: Row, model: type[models.Model], numbered: frozenset[type[models.Model]]) -> Row:
    columns = model._meta.local_concrete_fields
    return tuple(value for value, column in zip(row, columns, strict=True) if not _is_given(column, model, numbered))


def _is_given(column: Any, model: type[models.Model], numbered: frozenset[type[models.Model]]) -> bool:
    return model in numbered and bool(column.primary_key)


def _everything() -> dict[type[models.Model], list[Row]]:
    found = {}
    for model in apps.get_models(include_auto_created=True):
        # The clock goes on; a proxy has no table.
        if model is not Clock and model._meta.managed and not model._meta.proxy:
            with connections[router.db_for_write(model)].cursor() as cursor:
                cursor.execute(f"SELECT {_columns(model)} FROM {_table(model)}")  # noqa: S608 - names of ours
                found[model] = cursor.fetchall()
    return found


def _added(model: type[models.Model], before: list[Row], after: list[Row]) -> list[Row]:
    known = {repr(row) for row in before}
    added = [row for row in after if repr(row) not in known]
    assert len(after) - len(added) == len(before), f"{model.__name__}: a row that was there was changed."
    return added


def _put_back(kept: _Situation) -> None:
    with transaction.atomic("default"), transaction.atomic("sandbox"):
        for model, rows in kept.rows.items():
            values = ", ".join(["%s"] * len(rows[0]))
            with connections[router.db_for_write(model)].cursor() as cursor:
                cursor.executemany(
                    f"INSERT INTO {_table(model)} ({_columns(model, kept.numbered)}) VALUES ({values})",  # noqa: S608
                    rows,
                )
        if kept.moment:
            Clock.objects.update_or_create(pk=sandbox.ROW, defaults={"ahead": kept.moment - clock.wall()})
    clock.refresh()


@cache
def _table(model: type[models.Model]) -> str:
    return connections[router.db_for_write(model)].ops.quote_name(model._meta.db_table)


@cache
def _columns(model: type[models.Model], numbered: frozenset[type[models.Model]] = frozenset()) -> str:
    quote = connections[router.db_for_write(model)].ops.quote_name
    columns = [each for each in model._meta.local_concrete_fields if not _is_given(each, model, numbered)]
    return ", ".join(quote(str(each.column)) for each in columns)
