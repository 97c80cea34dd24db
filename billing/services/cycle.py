"""The billing cycle: whatever has ended is closed, whatever is closed is charged, what a bank refused is asked again.

The scheduler, the cron endpoint and the provider's news of a renewal all call the same functions. They may run at
once and may be killed anywhere: the rows say what is left to do, and every step done twice has done it once.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any
from uuid import UUID

from billing.models import BillingPeriod, Invoice, Subscription
from billing.services import charging, closing, collection, own_invoices
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
    """A subscription, or an invoice of our own, that could not be billed. The next run tries again."""

    subscription_id: UUID | None
    error: str
    invoice_id: UUID | None = None


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
        failed = [_as_json(one) for one in self.failed]
        done = {"closed": self.closed, "charged": self.charged, "waiting": self.waiting, "retried": self.retried}
        return {**done, "failed": failed}


def _as_json(failure: Failure) -> dict[str, str]:
    named = {"subscription_id": failure.subscription_id, "invoice_id": failure.invoice_id}
    return {**{name: str(key) for name, key in named.items() if key}, "error": failure.error}


def run_billing_cycle() -> CycleResult:
    """Bill subscriptions, then ask for invoices of our own. One that fails is reported and stops no other."""
    billed = _bill(due())
    retried, failed = _ask_for_own()
    return replace(billed, retried=billed.retried + retried, failed=(*billed.failed, *failed))


def _ask_for_own() -> tuple[int, list[Failure]]:
    """Ask for invoices of our own that are due, and give up those that nobody asks for any more."""
    retried, failed = 0, []
    work = [(own_invoices.collect, one) for one in own_invoices.due(clock.now())]
    work += [(own_invoices.give_up, one) for one in own_invoices.abandoned()]
    for act, invoice in work:
        try:
            retried += act(invoice)
        except Exception as error:
            log.exception("Invoice %s could not be asked for.", invoice.pk)
            failed.append(Failure(None, f"{type(error).__name__}: {error}"[:300], invoice.pk))
    return retried, failed


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
        *Invoice.objects.due_again(clock.now()).of_provider().values_list("subscription_id", flat=True),
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
    for invoice in subscription.invoices.due_again(clock.now()).of_provider().select_related("organization"):
        if collection.retry(invoice):
            yield Step.RETRIED
