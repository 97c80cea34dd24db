"""Counts and moments as people read them."""

from datetime import datetime, timedelta

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from platform_core import clock

register = template.Library()

SCALE = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K"))
# Below this a count is short enough to be written out.
WRITTEN_OUT = 10_000


@register.filter
def count(value: int | None) -> str:
    """Every digit, in groups of three."""
    return "" if value is None else f"{value:,}"


@register.filter
def compact(value: int | None) -> str:
    """Three significant digits and a letter: 1.25M. What would round to a thousand of one letter takes the next."""
    if value is None or value < WRITTEN_OUT:
        return count(value)
    unit, letter = next((unit, letter) for unit, letter in SCALE if value >= unit - unit // 2_000)
    return f"{value / unit:.3g}{letter}"


@register.filter
def percent_of(value: int, total: int | None) -> str:
    """Whole percent; the smallest use of something is not shown as none."""
    if not total:
        return ""
    share = 100 * value / total
    return "<1%" if 0 < share < 1 else f"{share:.0f}%"


@register.filter
def moment(at: datetime | None, style: str = "datetime") -> SafeString | str:
    """A time element, UTC, which a time of day says; style: date, datetime or time (of lines that follow closely)."""
    if at is None:
        return ""
    shape = {"date": "j M Y", "datetime": r"j M Y, H:i \U\T\C", "time": "H:i:s"}[style]
    stamp = at.isoformat(timespec="seconds").replace("+00:00", "Z")
    return format_html('<time datetime="{}" title="{} UTC">{}</time>', stamp, stamp, date_format(at, shape))


@register.filter
def ago(at: datetime | None, by: str = "business") -> SafeString | str:
    """How long ago, in one unit; by business time, or by the machine's ("wall") where that is what was kept."""
    if at is None:
        return ""
    stamp = at.isoformat(timespec="seconds").replace("+00:00", "Z")
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        stamp,
        stamp,
        _distance((clock.wall() if by == "wall" else clock.now()) - at),
    )


def _distance(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    steps = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
    size, unit = next(((size, unit) for size, unit in steps if seconds >= size), (1, ""))
    if not unit:
        return "just now"
    number = seconds // size
    return f"{number} {unit}{'' if number == 1 else 's'} ago"


@register.filter
def sentence(action: str) -> str:
    """An audit event's action as words: `checkout.complete` is Checkout complete."""
    return action.replace(".", " ").replace("_", " ").capitalize()
