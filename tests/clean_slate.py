"""A test that commits has its databases put back as they were: SQLite's in memory page by page, others row by row.

Django would empty every table and have each app fill in anew what stands there from the start, at forty times the cost.
"""

import sqlite3
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

from platform_core import append_only, scoping, unchanging

Rows = list[tuple[Any, ...]]

_set_up = TransactionTestCase._fixture_setup.__func__  # type: ignore[attr-defined]
# Each database in memory as it is between tests, and the rows of each other one, table by table.
_slates: dict[str, sqlite3.Connection] = {}
_tables: dict[str, dict[str, Rows]] = {}


def _is_in_memory(connection: BaseDatabaseWrapper) -> bool:
    return connection.vendor == "sqlite" and connection.is_in_memory_db()  # type: ignore[attr-defined]


def _fixture_setup(cls: type[TransactionTestCase]) -> None:
    for alias in cls.databases:
        connection = connections[alias]
        if alias in _slates or alias in _tables:
            continue
        connection.ensure_connection()
        if _is_in_memory(connection):
            _slates[alias] = sqlite3.connect(":memory:")
            connection.connection.backup(_slates[alias])
        else:
            names = connection.introspection.django_table_names(only_existing=True, include_views=False)
            with scoping.system():
                _tables[alias] = {name: _rows(connection, name) for name in names}
    _set_up(cls)


def _fixture_teardown(self: Any) -> None:
    for alias in self.databases:
        connections[alias].ensure_connection()
        if alias in _slates:
            _slates[alias].backup(connections[alias].connection)
        else:
            with scoping.system():
                _put_back_rows(connections[alias], _tables[alias])


def _put_back_rows(connection: BaseDatabaseWrapper, tables: dict[str, Rows]) -> None:
    changed = [*_filled(connection, [name for name, rows in tables.items() if not rows])]
    changed += [name for name, rows in tables.items() if rows and _told(_rows(connection, name)) != _told(rows)]
    guarded = append_only.EVENTS in changed
    taken_away = [*(append_only.removal(connection) if guarded else ()), *unchanging.removal(connection, changed)]
    # Foreign keys are looked at when it is over: the order is all one.
    with transaction.atomic(connection.alias), connection.cursor() as cursor:
        for statement in taken_away:
            cursor.execute(statement)
        for name in changed:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(name)}")  # noqa: S608 - a name of ours
        for name in changed:
            _insert(connection, name, tables[name])
    put_back = [*(append_only.statements(connection.vendor) if guarded else ())]
    with connection.cursor() as cursor:
        for statement in [*put_back, *unchanging.statements(connection, changed)]:
            cursor.execute(statement)


def _filled(connection: BaseDatabaseWrapper, names: list[str]) -> list[str]:
    """Which of these tables hold rows."""
    quote = connection.ops.quote_name
    each = [f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {quote(name)})" for name in names]  # noqa: S608 - names of ours
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each))
        return [name for (name,) in cursor.fetchall()]


def _rows(connection: BaseDatabaseWrapper, name: str) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")  # noqa: S608 - a name of ours
        return [*cursor.fetchall()]


def _told(rows: Rows) -> list[str]:
    return sorted(map(repr, rows))


def _insert(connection: BaseDatabaseWrapper, name: str, rows: Rows) -> None:
    if rows:
        values = ", ".join(["%s"] * len(rows[0]))
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {connection.ops.quote_name(name)} VALUES ({values})", rows)  # noqa: S608


def put_back() -> None:
    """Put this in place of Django's flush, for the rest of the process."""
    TransactionTestCase._fixture_setup = classmethod(_fixture_setup)  # type: ignore[attr-defined]
    TransactionTestCase._fixture_teardown = _fixture_teardown  # type: ignore[attr-defined]
