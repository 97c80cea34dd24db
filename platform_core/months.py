"""Whole months of UTC, by which figures are told."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from platform_core import clock
from platform_core.errors import InvalidInput

MONTHS_A_YEAR = 12
LONGEST = 36
USUAL = 12
EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True)
class Months:
    """Whole months, both included."""

    first: date
    last: date

    def __iter__(self) -> Iterator[date]:
        month = self.first
        while month <= self.last:
            yield month
            month = after(month)

    @property
    def ends(self) -> date:
        """The first day after them."""
        return after(self.last)

    @property
    def starts_at(self) -> datetime:
        """Their first moment."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def ends_at(self) -> datetime:
        """The first moment after them."""
        return datetime.combine(self.ends, time(), UTC)


def month_of(moment: datetime) -> date:
    """The first day of its month."""
    return moment.astimezone(UTC).date().replace(day=1)


def after(month: date, count: int = 1) -> date:
    """The first day of a later month."""
    years, index = divmod(month.year * MONTHS_A_YEAR + month.month - 1 + count, MONTHS_A_YEAR)
    return date(years, index + 1, 1)


def months(first: date | None = None, last: date | None = None) -> Months:
    """The months that are asked for; by itself, the twelve until this one. 400 where they are none, or too many."""
    this = month_of(clock.now())
    last = last or this
    first = first or max(after(last, 1 - USUAL), EARLIEST)
    if last > this:
        raise _no_months("to_month", "Not after this month.")
    if first > last:
        raise _no_months("from_month", "Not after the last month.")
    if first < EARLIEST:
        raise _no_months("from_month", f"Not before {EARLIEST:%Y-%m}.")
    if after(first, LONGEST) <= last:
        raise _no_months("from_month", f"At most {LONGEST} months.")
    return Months(first, last)


def _no_months(name: str, message: str) -> InvalidInput:
    return InvalidInput("The request is not valid.", details={name: [message]})
