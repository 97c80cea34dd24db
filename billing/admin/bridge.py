"""The MRR bridge as drawn: from what a time began with, by what came and went, to what it ended with.

Geometry only; the template draws it. Widths are percentages and heights pixels, so it fills a phone and a desk alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from billing.models import MrrMovement
from billing.revenue.figures import MonthOfRevenue

HEIGHT = 168
TOP = 22
# What of a step's width is its bar.
BAR = 0.62
Kind = MrrMovement.Kind
# What adds comes first.
KINDS = (Kind.NEW, Kind.REACTIVATION, Kind.EXPANSION, Kind.CONTRACTION, Kind.CHURN)


@dataclass(frozen=True)
class Step:
    """One bar: all that there was, or one kind of movement, which begins where the step before it ended."""

    label: str
    # Empty for the two ends.
    kind: str
    amount_minor: int
    x: float
    width: float
    middle: float
    y: float
    height: float
    # Where the line to the next step is, and how far it goes.
    level: float
    until: float

    @property
    def tone(self) -> str:
        """How it is coloured; its sign and its place say the same."""
        return "end" if not self.kind else "more" if self.amount_minor >= 0 else "less"


@dataclass(frozen=True)
class Bridge:
    """The whole drawing."""

    steps: Sequence[Step]
    height: int
    base: int
    label_y: int


def bridge(months: Sequence[MonthOfRevenue]) -> Bridge:
    """Over these months together."""
    opening, closing = months[0].opening_minor, months[-1].mrr_minor
    moves = [(kind, sum(getattr(month, f"{kind.value}_minor") for month in months)) for kind in KINDS]
    bars = [("Opening", "", 0, opening)]
    level = opening
    for kind, amount in moves:
        bars.append((str(kind.label), str(kind.value), level, level + amount))
        level += amount
    bars.append(("Closing", "", 0, closing))
    highest = max(1, *(max(first, last) for _, _, first, last in bars))
    return Bridge(
        [_step(place, len(bars), bar, highest) for place, bar in enumerate(bars)],
        TOP + HEIGHT + 26,
        TOP + HEIGHT,
        TOP + HEIGHT + 18,
    )


def _step(place: int, count: int, bar: tuple[str, str, int, int], highest: int) -> Step:
    label, kind, first, last = bar
    slot = 100 / count
    x, width = slot * (place + (1 - BAR) / 2), slot * BAR
    return Step(
        label=label,
        kind=kind,
        amount_minor=last - first,
        x=round(x, 3),
        width=round(width, 3),
        middle=round(x + width / 2, 3),
        y=round(TOP + HEIGHT * (highest - max(first, last)) / highest, 2),
        # What moved nothing is a line.
        height=max(1.5, round(HEIGHT * abs(last - first) / highest, 2)),
        level=round(TOP + HEIGHT * (highest - last) / highest, 2),
        until=round(x + slot if place + 1 < count else x + width, 3),
    )
