"""An UPDATE of product code whose conditions lie over a join fails the test that runs it.

Django asks such conditions in a sub-select. PostgreSQL answers that once, before the row is locked; of statements that
waited for each other it looks anew only at the columns of the row itself ("Read Committed Isolation Level"). A claim,
a counter or a compare-and-set written like that is taken by several at once, and on SQLite no test shows it.
Name the rows by `pk__in=` and repeat beside it what must still hold.
"""

import sys
from pathlib import Path
from types import FrameType
from typing import Any

from django.db.models.sql.compiler import SQLUpdateCompiler

ROOT = Path(__file__).parents[1]
OURS = tuple(f"{ROOT / name}/" for name in ("billing", "identity", "orgs", "platform_core", "tenants", "tests"))
_set_up = SQLUpdateCompiler.pre_sql_setup


class JoinedUpdate(AssertionError):
    """Product code updates rows by a condition that is not looked at again."""


def _guarded(self: SQLUpdateCompiler) -> Any:
    tables = [alias for alias, uses in self.query.alias_refcount.items() if uses]
    caller = _caller(sys._getframe(1)) if len(tables) > 1 else ""
    if caller and not caller.startswith(OURS[-1]):
        raise JoinedUpdate(f"{caller} updates {tables[0]} by a condition over {tables[1:]}.")
    return _set_up(self)


def _caller(frame: FrameType | None) -> str:
    while frame is not None and not frame.f_code.co_filename.startswith(OURS):
        frame = frame.f_back
    return frame.f_code.co_filename if frame is not None else ""


def forbid() -> None:
    """Put the guard in place for the rest of the process."""
    SQLUpdateCompiler.pre_sql_setup = _guarded  # type: ignore[method-assign]
