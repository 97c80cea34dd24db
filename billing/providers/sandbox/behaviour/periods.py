"""Billing periods: intervals counted from the anchor, so that a month's end survives a shorter month.

From 31 January a monthly subscription renews on 28 (or 29) February and again on 31 March: each boundary is counted
from the anchor, never from the boundary before it.
"""

from calendar import monthrange
from datetime import UTC, datetime

from billing.providers.sandbox.shapes import Json

SECONDS = {"day": 86_400, "week": 7 * 86_400}
MONTHS = {"month": 1, "year": 12}


def boundary(anchor: int, recurring: Json, number: int) -> int:
    """The moment that lies `number` intervals after the anchor."""
    unit, count = _unit(recurring)
    if unit in SECONDS:
        return anchor + number * count * SECONDS[unit]
    return months_later(anchor, number * count * MONTHS[unit])


def following(anchor: int, recurring: Json, moment: int) -> int:
    """The first boundary after a moment that is not before the anchor."""
    number = _intervals_between(anchor, recurring, moment)
    while boundary(anchor, recurring, number) <= moment:
        number += 1
    return boundary(anchor, recurring, number)


def _unit(recurring: Json) -> tuple[str, int]:
    return str(recurring["interval"]), int(recurring["interval_count"])


def months_later(anchor: int, months: int) -> int:
    """The same time of day so many months on; on the last day of a month that is too short."""
    start = datetime.fromtimestamp(anchor, UTC)
    years, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month + 1
    day = min(start.day, monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp())


def _intervals_between(anchor: int, recurring: Json, moment: int) -> int:
    """Whole intervals from the anchor to the moment, at most one too few."""
    unit, count = _unit(recurring)
    if unit in SECONDS:
        return (moment - anchor) // (SECONDS[unit] * count)
    start, end = datetime.fromtimestamp(anchor, UTC), datetime.fromtimestamp(moment, UTC)
    months = (end.year - start.year) * 12 + end.month - start.month
    return max(0, months - 1) // (MONTHS[unit] * count)
