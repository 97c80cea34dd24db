"""SQLite looks for rows that refer to nothing after each test that changed a row; a test that changed none left none.

The look goes through every table. Most tests change rows of one of the two databases, or of neither.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TestCase

_begin: Callable[[type[TestCase]], dict[str, Any]] = TestCase._enter_atomics.__func__  # type: ignore[attr-defined]
_may_check: Callable[[TestCase, BaseDatabaseWrapper], bool] = TestCase._should_check_constraints  # type: ignore[attr-defined]
# Of each SQLite database: the connection as the test found it, and how many rows it had changed until then.
_before: dict[str, tuple[object, int]] = {}


def _enter_atomics(cls: type[TestCase]) -> dict[str, Any]:
    atomics = _begin(cls)
    for alias in atomics:
        if connections[alias].vendor == "sqlite":
            _before[alias] = _changes(connections[alias])
    return atomics


def _should_check_constraints(self: TestCase, connection: BaseDatabaseWrapper) -> bool:
    if connection.vendor != "sqlite":
        return _may_check(self, connection)
    try:
        changed = _changes(connection) != _before[connection.alias]
    except sqlite3.ProgrammingError:
        # Closed by the request, as a server closes it: what it had changed is taken back.
        return False
    return changed and _may_check(self, connection)


def _changes(connection: BaseDatabaseWrapper) -> tuple[object, int]:
    opened = connection.connection
    return opened, opened.total_changes if opened is not None else 0


def check_what_was_written() -> None:
    """Put this in place of Django's look at everything, for the rest of the process."""
    TestCase._enter_atomics = classmethod(_enter_atomics)  # type: ignore[attr-defined]
    TestCase._should_check_constraints = _should_check_constraints  # type: ignore[attr-defined]
