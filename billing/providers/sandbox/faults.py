"""What can go wrong between a client and Stripe, on demand: for tests of the code that must survive it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto


class Fault(Enum):
    """How a request fails."""

    # The request never reached Stripe.
    TIMEOUT_BEFORE = auto()
    # Stripe acted, but its answer was lost.
    TIMEOUT_AFTER = auto()
    RATE_LIMITED = auto()
    SERVER_ERROR = auto()


@dataclass
class Plan:
    """A fault for the next requests of a method whose address begins so."""

    fault: Fault
    method: str
    path: str
    times: int
    # How many requests it has met.
    struck: int = 0

    def meets(self, method: str, path: str) -> bool:
        """Whether it strikes this request; counts it if so."""
        if self.struck >= self.times or self.method not in ("", method) or not path.startswith(self.path):
            return False
        self.struck += 1
        return True


_plans: list[Plan] = []


@contextmanager
def injected(fault: Fault, *, method: str = "", path: str = "/v1/", times: int = 1) -> Iterator[Plan]:
    """While the block runs, the next `times` matching requests of this process fail so."""
    plan = Plan(fault, method, path, times)
    _plans.append(plan)
    try:
        yield plan
    finally:
        _plans.remove(plan)


def meeting(method: str, path: str) -> Fault | None:
    """The fault that this request meets, if any."""
    return next((plan.fault for plan in _plans if plan.meets(method, path)), None)
