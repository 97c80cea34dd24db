"""Computing figures again from their sealed evidence, on request of staff."""

from collections.abc import Iterable

from billing.models import BillingPeriod
from billing.services import rating
from platform_core.errors import Conflict


def verify(periods: Iterable[BillingPeriod]) -> str:
    """Says that every figure holds, or raises a conflict that says which does not."""
    closed = [period for period in periods if period.status != BillingPeriod.Status.OPEN]
    problems = [f"{period}: {problem}" for period in closed for problem in _problems(period)]
    if problems:
        raise Conflict(" ".join(problems))
    return "the figures hold" if closed else "the figures hold; no closed period is on it"


def _problems(period: BillingPeriod) -> list[str]:
    try:
        return rating.verify(period)
    except rating.Unverifiable as error:
        return [str(error)]
