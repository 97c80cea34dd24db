"""What a kind of report is. Each app lists its own in the table REPORTS of its tasks; here they are found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from orgs.models import Organization
from platform_core import tables
from platform_core.errors import InvalidInput

Cell = str | int


@dataclass(frozen=True)
class Span:
    """Whole days in UTC, both included."""

    first: date
    last: date

    @property
    def starts_at(self) -> datetime:
        """Its first moment."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def ends_at(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last + timedelta(days=1), time(), UTC)


@dataclass(frozen=True)
class Column:
    """One column of a table. `share` is its part of the page's width; numbers are set to the right."""

    title: str
    share: int = 1
    is_number: bool = False


@dataclass(frozen=True)
class Content:
    """What a report says: a few facts, and one table."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    facts: Sequence[tuple[str, str]] = field(default_factory=tuple)


@dataclass(frozen=True)
class ReportKind:
    """A kind of report. `permission` is what a role needs to ask for it and to read it; `build` reads the rows.

    Where the state of things is told and no history, `is_dated` is false: the days asked for do not matter.
    """

    code: str
    title: str
    description: str
    permission: str
    build: Callable[[Organization, Span], Content]
    is_dated: bool = True


def kinds() -> list[ReportKind]:
    """Every app's."""
    return tables.entries("REPORTS")


def find(code: str) -> ReportKind:
    """The kind of this code; 400 naming those that there are."""
    known = {kind.code: kind for kind in kinds()}
    if code not in known:
        message = f"One of: {', '.join(known)}."
        raise InvalidInput("There is no such kind of report.", details={"kind": [message]})
    return known[code]
