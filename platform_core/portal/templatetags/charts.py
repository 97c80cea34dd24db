"""Charts drawn on the server: geometry here, SVG in templates, colours in the stylesheet.

Widths are percentages and heights pixels, so a chart fills a phone and a desk alike and its text keeps its size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import template

register = template.Library()

PLOT_HEIGHT = 168
TOP = 14
# Labels under the bars: so many fit a phone.
LABELS = 5


@dataclass(frozen=True)
class DayValue:
    """What one day amounts to."""

    day: date
    value: int


@dataclass(frozen=True)
class Bar:
    """A day as drawn: x and width in percent, y and height in pixels."""

    day: date
    value: int
    x: float
    width: float
    y: float
    height: float
    over: bool


@dataclass(frozen=True)
class Label:
    """Text under the bars."""

    x: float
    anchor: str
    day: date


@dataclass(frozen=True)
class Line:
    """A value marked across the plot."""

    y: int
    value: int


def nice_ceiling(highest: int) -> int:
    """The smallest of 4, 8, 12, 20, 40 … that holds the highest value: its quarters are round numbers."""
    step = 1
    while True:
        for factor in (4, 8, 12, 20):
            if factor * step >= highest:
                return factor * step
        step *= 10


def _bars(points: Sequence[DayValue], slot: float, ceiling: int, allotment: int | None) -> list[Bar]:
    used = 0
    bars = []
    for index, point in enumerate(points):
        used += point.value
        height = round(PLOT_HEIGHT * point.value / ceiling, 2)
        y = round(TOP + PLOT_HEIGHT - height, 2)
        over = allotment is not None and used > allotment
        bars.append(
            Bar(point.day, point.value, round(slot * (index + 0.14), 3), round(slot * 0.72, 3), y, height, over)
        )
    return bars


def _labels(first: date, slots: int) -> list[Label]:
    """Evenly over the whole width, the first and the last flush with its edges."""
    last = slots - 1
    picked = sorted({round(last * part / (LABELS - 1)) for part in range(LABELS)})
    edges = {last: (100.0, "end"), 0: (0.0, "start")}
    places = {index: edges.get(index, (round(100 * (index + 0.5) / slots, 3), "middle")) for index in picked}
    return [Label(x, anchor, first + timedelta(days=index)) for index, (x, anchor) in places.items()]


@register.inclusion_tag("components/charts/daily_bars.html")
def daily_bars(
    points: Sequence[DayValue], label: str, allotment: int | None = None, until: date | None = None
) -> dict[str, Any]:
    """A bar for each day, with room for the days to come; marked from the day on that crosses the allotment."""
    ceiling = nice_ceiling(max((point.value for point in points), default=0))
    slots = max(len(points), (until - points[0].day).days + 1 if until and points else 1)
    bars = _bars(points, 100 / slots, ceiling, allotment)
    return {
        "label": label,
        "bars": bars,
        "busiest": max(points, key=lambda point: point.value, default=None),
        "total": sum(point.value for point in points),
        "has_over": any(bar.over for bar in bars),
        "labels": _labels(points[0].day, slots) if points else [],
        "lines": [Line(TOP + PLOT_HEIGHT * (4 - quarter) // 4, ceiling * quarter // 4) for quarter in range(1, 5)],
        "base": TOP + PLOT_HEIGHT,
        "label_y": TOP + PLOT_HEIGHT + 18,
        "height": TOP + PLOT_HEIGHT + 26,
    }


@register.inclusion_tag("components/charts/meter.html")
def meter(used: int, allotment: int, label: str) -> dict[str, object]:
    """Use against an allotment. Past it, the whole length is what was used and the part beyond is marked."""
    whole = max(used, allotment, 1)
    within = min(used, allotment)
    return {
        "label": label,
        "used": used,
        "allotment": allotment,
        "within": round(100 * within / whole, 2),
        "beyond": round(100 * (used - within) / whole, 2),
    }


@register.inclusion_tag("components/charts/share.html")
def share(part: int, whole: int) -> dict[str, object]:
    """A small bar beside a number that already says it, so it is hidden from readers of text."""
    return {"width": round(100 * part / whole, 2) if whole else 0}
