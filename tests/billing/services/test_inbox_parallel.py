"""Two connections at once: one row for an event, one effect of it."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from billing.models import BillingAccount, CheckoutSession, Invoice, Subscription
from billing.providers.stripe.provider import StripeProvider
from billing.services import inbox
from orgs.models import Organization
from platform_core import scoping
from platform_core.models import AuditEvent, ProviderEvent
from tests.billing import shop

# The sandbox's database is emptied too.
pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))]
WORKERS = 4


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """Each in a thread with connections of its own, all let go at the same moment."""
    barrier = threading.Barrier(WORKERS)
    results: list[Any] = []

    def run(number: int) -> None:
        try:
            with scoping.system():
                barrier.wait(timeout=10)
                results.append(work(number))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def test_one_event_delivered_many_times_at_once_is_one_row(organization: Organization) -> None:
    shop.opened()
    shop.bought(organization)
    told = shop.events("invoice.paid")[0]

    assert at_once(lambda _: shop.hear(told)) == [200] * WORKERS

    assert ProviderEvent.objects.get().external_id == told["id"]


def test_many_workers_on_the_events_of_one_purchase_make_everything_once(organization: Organization) -> None:
    shop.opened()
    shop.bought(organization)
    shop.deliver()

    def work(number: int) -> int:
        done = 0
        while inbox.process_one(f"w{number}"):
            done += 1
        return done

    assert sum(at_once(work)) == ProviderEvent.objects.count()

    assert not ProviderEvent.objects.exclude(status__in=("PROCESSED", "IGNORED")).exists()
    assert CheckoutSession.objects.get().status == "completed"
    assert Subscription.objects.get().status == "active"
    assert Invoice.objects.get().status == "paid"
    assert BillingAccount.objects.count() == 1
    assert AuditEvent.objects.filter(action="checkout.complete").count() == 1


def test_whoever_read_first_does_not_write_last(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    """All workers have read before any of them writes; the purchase's row lets them write one after the other."""
    shop.opened()
    shop.bought(organization)
    kinds = ("checkout.session.completed", "customer.subscription.created", "invoice.paid", "invoice.finalized")
    for event in shop.events(*kinds):
        shop.hear(event)
    everybody_has_read = threading.Barrier(WORKERS)
    read = StripeProvider.snapshot

    def together(self: StripeProvider, kind: str, object_id: str) -> Any:
        found = read(self, kind, object_id)
        everybody_has_read.wait(timeout=30)
        return found

    monkeypatch.setattr(StripeProvider, "snapshot", together)
    assert at_once(lambda number: inbox.process_one(f"w{number}")) == [True] * WORKERS

    assert set(ProviderEvent.objects.values_list("status", "error")) == {("PROCESSED", "")}
    assert AuditEvent.objects.filter(action="checkout.complete").count() == 1
    assert Subscription.objects.get().status == "active"
