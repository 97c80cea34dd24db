"""A connection on which PostgreSQL knows whose rows each statement may touch.

The scope travels in front of the statement, in the same message, as SET LOCAL: it ends with the transaction, of which a
statement outside any is one by itself. Nothing is remembered here or there, so nothing can be left over.
"""

import re
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base
from psycopg import ClientCursor, sql
from psycopg.pq import TransactionStatus

from platform_core.postgresql import EVERYWHERE, SETTING

# An aborted transaction takes nothing else, and a savepoint's end touches no row.
SAVEPOINTS = re.compile(r"\s*(?:SAVEPOINT|RELEASE|ROLLBACK)\b", re.IGNORECASE)
# PostgreSQL runs some of these only when they are sent alone.
DEFINITIONS = re.compile(r"\s*(?:CREATE|ALTER|DROP|VACUUM|REINDEX|CLUSTER)\b", re.IGNORECASE)


def scope() -> str:
    """The scope in force, as it is told; empty outside one."""
    from platform_core import scoping  # noqa: PLC0415 - has a model, and models ask for the database as they are made

    return scoping.told()


def telling(told: str) -> str:
    """The statement that tells PostgreSQL the scope for the rest of the transaction."""
    return f"SET LOCAL {SETTING} = '{told}';"


class Cursor(base.CursorMixin, ClientCursor[Any]):
    """Sends the scope with each statement. Outside a transaction nothing was told before: silence there is no scope."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> "Cursor":
        """Run the statement within the scope in force; its own result is the first that the caller sees."""
        prefix = self._prefix(query)
        if not prefix:
            super().execute(query, params, **options)
            return self
        super().execute(prefix + query if isinstance(query, str) else sql.SQL(prefix) + query, params, **options)
        self.nextset()
        return self

    def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
        """One telling for all of them, in one transaction with them."""
        with self.connection.transaction() if self._is_alone else nullcontext():
            super().execute(telling(scope()))
            super().executemany(query, params_seq, **options)

    def copy(self, statement: Any, params: Any = None, **options: Any) -> Any:
        """In a transaction, rows are copied out within the scope. PostgreSQL copies none into a guarded table."""
        super().execute(telling(scope()))
        return super().copy(statement, params, **options)

    def stream(self, query: Any, params: Any = None, **options: Any) -> Any:
        """Within the scope, in a transaction; outside one there are no rows."""
        super().execute(telling(scope()))
        return super().stream(query, params, **options)

    @property
    def _is_alone(self) -> bool:
        return self.connection.autocommit and self._status == TransactionStatus.IDLE

    @property
    def _status(self) -> TransactionStatus:
        return self.connection.info.transaction_status

    def _prefix(self, query: Any) -> str:
        text = query if isinstance(query, str) else query.as_string(self)
        told = "system" if EVERYWHERE in text else scope()
        if self._status != TransactionStatus.IDLE:
            return "" if SAVEPOINTS.match(text) else telling(told)
        return telling(told) if told and not DEFINITIONS.match(text) else ""


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, whose cursors tell the scope."""

    def get_connection_params(self) -> dict[str, Any]:
        if self.settings_dict["OPTIONS"].get("server_side_binding"):
            raise ImproperlyConfigured("PLATFORM_RLS needs client-side binding: a scope is sent before its statement.")
        return {**super().get_connection_params(), "cursor_factory": Cursor}
