"""The billing cycle: whatever has ended is closed, whatever is closed is charged, what a bank refused is asked again.

The scheduler, the cron endpoint and the provider's news of a renewal all call the same functions. They may run at
once and may be killed anywhere: the rows say what is left to do, and every step done twice has done it once.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from uuid import UUID

from billing.models import BillingPeriod, Invoice, Subscription
from billing.services import charging, closing, collection
from platform_core import clock

log = logging.getLogger(__name__)


class Step(Enum):
    """What was done for one period."""

    CLOSED = auto()
    CHARGED = auto()
    # Its subscription's renewal, which will carry the charge, is still to come.
    WAITING = auto()
    # A card that was refused before was asked again.
    RETRIED = auto()


@dataclass(frozen=True)
class Failure:
    """A subscription that could not be billed to the end. It is tried again at the next run."""

    subscription_id: UUID
    error: str


@dataclass(frozen=True)
class CycleResult:
    """What one run did."""

    closed: int
    charged: int
    waiting: int
    retried: int = 0
    failed: tuple[Failure, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The same for the schedule's record."""
        failed = [{"subscription_id": str(one.subscription_id), "error": one.error} for one in self.failed]
        done = {"closed": self.closed, "charged": self.charged, "waiting": self.waiting, "retried": self.retried}
        return {**done, "failed": failed}


def run_billing_cycle() -> CycleResult:
    """Bill every subscription that has something to bill. One that fails is reported and stops no other."""
    return _bill(due())


def bill_renewal(provider_invoice_id: str) -> CycleResult:
    """Bill at once the subscription whose renewal the provider has drafted; what fails is left to the next run."""
    return _bill(list(Subscription.objects.filter(invoices__provider_invoice_id=provider_invoice_id)))


def due() -> list[Subscription]:
    """The subscriptions with a period to close, to charge, to adjust although none will follow it, or to ask again."""
    periods = BillingPeriod.objects
    over = periods.late().exclude(status=BillingPeriod.Status.OPEN).filter(subscription__status__in=Subscription.ENDED)
    ids = {
        *periods.ended(closing.closable_by()).values_list("subscription_id", flat=True),
        *periods.uncharged().values_list("subscription_id", flat=True),
        *over.values_list("subscription_id", flat=True),
        *Invoice.objects.due_again(clock.now()).values_list("subscription_id", flat=True),
    }
    return list(Subscription.objects.filter(pk__in=ids).order_by("pk"))


def _bill(subscriptions: list[Subscription]) -> CycleResult:
    done: Counter[Step] = Counter()
    failed: list[Failure] = []
    for subscription in subscriptions:
        try:
            for step in _steps(subscription):
                done[step] += 1
        except Exception as error:
            log.exception("Subscription %s could not be billed.", subscription.pk)
            failed.append(Failure(subscription.pk, f"{type(error).__name__}: {error}"[:300]))
    closed, charged, waiting, retried = (done[step] for step in Step)
    return CycleResult(closed, charged, waiting, retried, tuple(failed))


def _steps(subscription: Subscription) -> Iterator[Step]:
    """Close what has ended, adjust what came late, charge what is closed, ask again; each step is told once done."""
    while period := subscription.periods.ended(closing.closable_by()).first():
        if closing.close(period):
            yield Step.CLOSED
    closing.settle(subscription)
    uncharged = subscription.periods.uncharged().order_by("starts_at")
    for period in uncharged.select_related("subscription__organization__billing_account"):
        yield Step.CHARGED if charging.charge(period) else Step.WAITING
    for invoice in subscription.invoices.due_again(clock.now()).select_related("organization"):
        if collection.retry(invoice):
            yield Step.RETRIED
