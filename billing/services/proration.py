"""What a change in the middle of a period costs: one pure function over integers, shown before and charged after.

The unused part of what was billed is given back, the rest of the period is charged at the new price: what `rate` says
a whole period costs, times the seconds that are left, divided by the seconds of the period, rounded once.
"""

from dataclasses import dataclass
from datetime import datetime

from billing.models import Plan
from billing.services.rating import Terms, Usage, rate

CREDIT = "credit"
CHARGE = "charge"
TAX = "tax"


@dataclass(frozen=True)
class ProratedLine:
    """The rest of a period on some terms: given back, or charged."""

    kind: str
    quantity: int
    amount_minor: int
    starts_at: datetime
    ends_at: datetime
    # The plan or the add-on; None of taxes.
    of: Plan | None = None


@dataclass(frozen=True)
class Billed:
    """What is to be given back in part: so much was billed from then until the period's end."""

    amount_minor: int
    quantity: int
    since: datetime


def share(amount: int, part: int, whole: int) -> int:
    """amount * part / whole, rounded half away from zero."""
    rounded = (2 * abs(amount) * part + whole) // (2 * whole)
    return rounded if amount >= 0 else -rounded


def base_minor(terms: Terms) -> int:
    """What a whole period costs before any usage."""
    return rate(terms, Usage(tokens=0))[0].amount_minor


def prorate(
    billed: Billed, after: Terms, *, starts_at: datetime, ends_at: datetime, at: datetime
) -> tuple[ProratedLine, ProratedLine]:
    """The two lines of a change at that moment: the credit, and the charge."""
    left = _seconds(max(at, starts_at), ends_at)
    credit = share(-billed.amount_minor, left, _seconds(billed.since, ends_at))
    charge = share(base_minor(after), left, _seconds(starts_at, ends_at))
    return (
        ProratedLine(CREDIT, billed.quantity, credit, at, ends_at),
        ProratedLine(CHARGE, after.quantity, charge, at, ends_at),
    )


def begin_anew(
    billed: Billed, after: Terms, *, starts_at: datetime, ends_at: datetime, at: datetime, until: datetime
) -> tuple[ProratedLine, ProratedLine]:
    """The two lines of a change to another interval: the rest of the period is given back, a whole new one charged."""
    credit, _ = prorate(billed, after, starts_at=starts_at, ends_at=ends_at, at=at)
    return credit, ProratedLine(CHARGE, after.quantity, base_minor(after), at, until)


def _seconds(start: datetime, end: datetime) -> int:
    """Whole seconds, as the provider counts them; none once the end has come."""
    return max(0, int(end.timestamp()) - int(start.timestamp()))
