"""What can go wrong between a client and Stripe, on demand: for tests of the code that must survive it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto

from django.db.models import F

from billing.providers.sandbox.models import PlannedFault

WAITING = f'SELECT * FROM {PlannedFault._meta.db_table} WHERE "left" > 0 AND method IN (%s, %s) ORDER BY id'  # noqa: S608


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
    """The fault that this request meets, if any: one of this process, or one that was ordered at the desk."""
    return next((plan.fault for plan in _plans if plan.meets(method, path)), None) or _ordered(method, path)


def _ordered(method: str, path: str) -> Fault | None:
    """Of two requests that meet the last of an order exactly one takes it."""
    # Asked at every request: composing the query took longer than its answer.
    for order in PlannedFault.objects.raw(WAITING, ["", method]):
        fits = path.startswith(order.path)
        if fits and PlannedFault.objects.filter(pk=order.pk, left__gt=0).update(left=F("left") - 1):
            return Fault[order.fault]
    return None


def order(fault: Fault, *, method: str = "", path: str = "/v1/", times: int = 1) -> None:
    """From now on the next so many matching requests of whatever process fail so."""
    PlannedFault.objects.create(fault=fault.name, method=method, path=path, left=times)


def pending() -> list[PlannedFault]:
    """What is ordered and has not struck yet."""
    return list(PlannedFault.objects.filter(left__gt=0).order_by("id"))


def forget() -> None:
    """Nothing fails any more."""
    PlannedFault.objects.all().delete()
