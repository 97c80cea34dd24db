"""The boundaries at which a process can die: right before and right after each of its commits.

Only our own database's: the sandbox's is the provider's, which does not die with our worker.
"""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from platform_core import leases

# Called with the number of the commit within this process, and whether it is made already.
Boundary = Callable[[int, bool], None]

WRITES = ("INSERT", "UPDATE", "DELETE")


def watch(reach: Boundary) -> None:
    """Report every commit of this process: the ends of transactions, and statements that commit by themselves."""
    watching = _Watch(reach)
    connection_created.connect(watching.attach, weak=False)
    vars(leases)["claim"] = partial(watching.claim, leases.claim)


class _Watch:
    """Stands around each commit."""

    def __init__(self, reach: Boundary) -> None:
        self.reach = reach
        self.numbers = itertools.count(1)

    def attach(self, connection: BaseDatabaseWrapper, **kwargs: object) -> None:
        """Once for each connection, however often it is opened again."""
        if connection.alias == DEFAULT_DB_ALIAS and self.statement not in connection.execute_wrappers:
            connection.execute_wrappers.append(self.statement)
            # Django has no public hook around a transaction's commit.
            vars(connection)["_commit"] = partial(self.around, getattr(connection, "_commit"))  # noqa: B009

    def statement(self, execute: Callable[..., Any], sql: str, params: Any, many: Any, context: dict[str, Any]) -> Any:
        """A write outside a transaction is a commit."""
        run = partial(execute, sql, params, many, context)
        commits = not context["connection"].in_atomic_block and sql.lstrip().startswith(WRITES)
        if not commits:
            return run()
        if "RETURNING" not in sql:
            return self.around(run)
        # It commits when its rows have been read, which is not yet: a claim is counted there, if it got a row.
        if sql.lstrip().startswith("INSERT"):
            self.reach(next(self.numbers), False)  # noqa: FBT003
        return run()

    def claim(self, claim: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Looking for work and finding none is no commit."""
        row = claim(*args, **kwargs)
        if row is not None:
            self.reach(next(self.numbers), True)  # noqa: FBT003
        return row

    def around(self, act: Callable[[], Any]) -> Any:
        number = next(self.numbers)
        self.reach(number, False)  # noqa: FBT003
        result = act()
        self.reach(number, True)  # noqa: FBT003
        return result
