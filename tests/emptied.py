"""Emptying a test's database, which the audit log's own guard would refuse. What is emptied gets its guard back."""

from typing import Any

from django.db import connections
from django.db.backends.base.operations import BaseDatabaseOperations

from platform_core import append_only, unchanging


def allow() -> None:
    """Take the triggers away in front of each flush; `post_migrate`, which follows it, puts them back."""
    for operations in {type(connection.ops) for connection in connections.all()}:
        _allow(operations)


def _allow(operations: type[BaseDatabaseOperations]) -> None:
    flush = operations.sql_flush

    def unguarded(self: Any, style: Any, tables: Any, **options: Any) -> Any:
        held = append_only.EVENTS in tables
        taken_away = [
            *(append_only.removal(self.connection) if held else ()),
            *unchanging.removal(self.connection, tables),
        ]
        return [*taken_away, *flush(self, style, tables, **options)]

    operations.sql_flush = unguarded  # type: ignore[method-assign]
