"""Timing two calls in one run: absolute figures drift from machine to machine, ratios and CPU time hold."""

import gc
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Call = Callable[[], object]
ROUNDS = 5
HEADINGS = ("path", "ours/s", "CPU-ms", "beside", "its/s", "CPU-ms", "ratio", "target", "")
WIDTHS = (24, 8, 7, 38, 8, 7, 7, 7, 5)


@dataclass(frozen=True)
class Timing:
    """Medians over the rounds: calls per second, and CPU milliseconds of this process for one call."""

    per_second: float
    cpu_ms: float


@dataclass(frozen=True)
class Comparison:
    """One line of the report. The ratio says how many times as many calls fit into a second as the reference's."""

    name: str
    ours: Timing
    reference_name: str
    reference: Timing
    target: float
    # Where being quicker would tell something too.
    most: float = math.inf

    @property
    def ratio(self) -> float:
        """Ours over the reference."""
        return self.ours.per_second / self.reference.per_second

    def line(self) -> str:
        """The report's line, and whether the target holds."""
        return row(
            self.name,
            f"{self.ours.per_second:,.0f}",
            f"{self.ours.cpu_ms:.2f}",
            self.reference_name,
            f"{self.reference.per_second:,.0f}",
            f"{self.reference.cpu_ms:.2f}",
            f"{self.ratio:.2f}x",
            f"{self.target:.2f}x",
            "holds" if self.target <= self.ratio <= self.most else "MISSED",
        )


@dataclass(frozen=True)
class Bound:
    """One line of the report that has a limit and no reference."""

    name: str
    value: float
    unit: str
    limit: float

    def line(self) -> str:
        """The figure, and whether it stays within its limit."""
        verdict = "holds" if self.value <= self.limit else "MISSED"
        return (
            f"{self.name:<48}{self.value:>10.1f} {self.unit:<2}  at most {self.limit:>6.0f} {self.unit:<2}  {verdict}"
        )


@dataclass(frozen=True)
class Floor(Bound):
    """The other way round: a figure that must be reached."""

    def line(self) -> str:
        """The figure, and whether it reaches its limit."""
        verdict = "holds" if self.value >= self.limit else "MISSED"
        return (
            f"{self.name:<48}{self.value:>10.1f} {self.unit:<2} at least {self.limit:>6.0f} {self.unit:<2}  {verdict}"
        )


def row(*cells: str) -> str:
    """One line of the table: texts to the left, figures to the right."""
    texts = (0, 3, 8)
    laid = [
        cell.ljust(width) if place in texts else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    ]
    return "  ".join(laid).rstrip()


def _round(call: Call, seconds: float) -> tuple[float, float]:
    began, cpu_began, count = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - began < seconds:
        call()
        count += 1
    elapsed = time.perf_counter() - began
    return count / elapsed, (time.process_time() - cpu_began) / count * 1000


def compare(
    name: str, ours: Call, reference_name: str, reference: Call, *, target: float, seconds: float = 0.4
) -> Comparison:
    """Alternate between the two, so that the machine's moods meet both."""
    for call in (ours, reference):
        _round(call, seconds / 2)
    gc.collect()
    pairs = [(_round(ours, seconds), _round(reference, seconds)) for _ in range(ROUNDS)]
    return Comparison(
        name,
        _median([mine for mine, _ in pairs]),
        reference_name,
        _median([theirs for _, theirs in pairs]),
        target,
    )


def alternate(
    name: str,
    ours: Call,
    reference_name: str,
    reference: Call,
    *,
    target: float,
    most: float = math.inf,
    times: int = 40,
) -> Comparison:
    """Call by call in turn, and the medians of single calls: for what takes long and must differ by little."""
    ours(), reference()
    gc.collect()
    pairs = [(_once(ours), _once(reference)) for _ in range(times)]
    mine, theirs = _median([one for one, _ in pairs]), _median([other for _, other in pairs])
    return Comparison(name, mine, reference_name, theirs, target, most)


def _once(call: Call) -> tuple[float, float]:
    began, cpu_began = time.perf_counter(), time.process_time()
    call()
    return 1 / (time.perf_counter() - began), (time.process_time() - cpu_began) * 1000


def in_turn(calls: Sequence[Call], *, seconds: float = 0.4) -> list[float]:
    """Milliseconds of one call of each, the median over the rounds, in turn like `compare`."""
    for call in calls:
        _round(call, seconds / 2)
    gc.collect()
    rounds = [[1000 / _round(call, seconds)[0] for call in calls] for _ in range(ROUNDS)]
    return [statistics.median(times) for times in zip(*rounds, strict=True)]


def _median(rounds: Sequence[tuple[float, float]]) -> Timing:
    return Timing(
        statistics.median(rate for rate, _ in rounds),
        statistics.median(cpu for _, cpu in rounds),
    )
