"""A test that commits has SQLite's database put back as it was, page by page.

Django would empty every table and have each app fill in anew what stands there from the start, at forty times the cost.
"""

import sqlite3
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

_set_up = TransactionTestCase._fixture_setup.__func__  # type: ignore[attr-defined]
_flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]
# Each database in memory as it is between tests.
_slates: dict[str, sqlite3.Connection] = {}


def _is_in_memory(connection: BaseDatabaseWrapper) -> bool:
    return connection.vendor == "sqlite" and connection.is_in_memory_db()  # type: ignore[attr-defined]


def _fixture_setup(cls: type[TransactionTestCase]) -> None:
    for alias in cls.databases:
        if _is_in_memory(connections[alias]) and alias not in _slates:
            connections[alias].ensure_connection()
            _slates[alias] = sqlite3.connect(":memory:")
            connections[alias].connection.backup(_slates[alias])
    _set_up(cls)


def _fixture_teardown(self: Any) -> None:
    if not all(_is_in_memory(connections[alias]) for alias in self.databases):
        _flush(self)
        return
    for alias in self.databases:
        connections[alias].ensure_connection()
        _slates[alias].backup(connections[alias].connection)


def put_back() -> None:
    """Put this in place of Django's flush, for the rest of the process."""
    TransactionTestCase._fixture_setup = classmethod(_fixture_setup)  # type: ignore[attr-defined]
    TransactionTestCase._fixture_teardown = _fixture_teardown  # type: ignore[attr-defined]
