"""Single calls, timed one by one: what the slowest of them take."""

import statistics
import time
from collections.abc import Sequence

from tests.bench.harness import Call

ROUNDS = 60


def of(call: Call, rounds: int = ROUNDS) -> list[float]:
    """Milliseconds of each call, after one that is not counted."""
    call()
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        found.append((time.perf_counter() - began) * 1000)
    return found


def p95(values: Sequence[float]) -> float:
    """What nineteen of twenty stay below."""
    return statistics.quantiles(values, n=20)[-1]
