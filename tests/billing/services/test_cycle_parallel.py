"""Several billing cycles at once, and usage that comes while periods close: each on a connection of its own."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from billing.models import BillingPeriod, Invoice, InvoiceItem, UsageBucket
from billing.providers.sandbox.models import Record
from billing.services import closing, cycle
from billing.services.periods import mirror
from billing.services.usage import Bucket, record_buckets
from platform_core import clock, scoping
from platform_core.models import AuditEvent
from tests import make
from tests.billing import month
from tests.clocks import at

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))]
MINUTE = timedelta(minutes=1)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What each got that began at the same moment."""
    barrier, results = threading.Barrier(len(works)), [None] * len(works)

    def run(number: int) -> None:
        try:
            clock.refresh()
            with scoping.system():
                barrier.wait(timeout=10)
                results[number] = works[number]()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def test_parallel_cycles_charge_each_period_once() -> None:
    subscriptions = [month.subscribed() for _ in range(3)]
    for subscription in subscriptions:
        month.use(subscription, 16_250_000)
    month.pass_to(month.RENEWAL + MINUTE)

    results = at_once(*[cycle.run_billing_cycle] * 4)
    left = cycle.run_billing_cycle()

    assert sum(result.closed for result in results) == 3
    assert left.failed == ()
    assert InvoiceItem.objects.count() == Record.objects.filter(kind="invoiceitem").count() == 3
    for subscription in subscriptions:
        invoice = month.newest_invoice(subscription)
        assert month.lines(invoice) == [("base", 1, 12_900), ("overage", 1_250_000, 313)]
        assert (invoice.status, invoice.paid_minor) == ("paid", 13_213)
    assert set(BillingPeriod.objects.exclude(status="open").values_list("status", flat=True)) == {"invoiced"}
    assert AuditEvent.objects.filter(action="billing_period.close").count() == 3
    assert AuditEvent.objects.filter(action="billing_period.charge").count() == 3
    # Of each subscription we know the first invoice and the renewal, and there is no other.
    assert Invoice.objects.count() == Record.objects.filter(kind="invoice").count() == 6


def test_usage_that_comes_while_its_period_closes_is_frozen_or_late_and_never_both() -> None:
    subscription = make.subscription()
    period = mirror(subscription)
    assert period is not None
    reports = [
        Bucket(f"agent-{number}", "claude", period.usage_from, tokens_input=1_000_000 + number) for number in range(6)
    ]

    with at(period.ends_at + MINUTE):
        at_once(
            *[lambda bucket=bucket: record_buckets(subscription, subscription.pk, [bucket]) for bucket in reports],
            lambda: closing.close(period),
        )

    period.refresh_from_db()
    told = UsageBucket.objects.counted_in(period).tokens()
    assert told == sum(bucket.tokens_total for bucket in reports)
    assert (period.late_usage_at is not None) == (period.tokens_used < told)
