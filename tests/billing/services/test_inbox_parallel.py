"""Two connections at once: one row for an event, one effect of it."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import stripe
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
EVENT = {
    "object": "event", "type": "invoice.paid", "created": 1_767_225_600, "livemode": False,
    "data": {"object": {"id": "in_1", "object": "invoice"}},
}  # fmt: skip


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


def test_what_arrives_at_the_same_moment_is_stored_together_and_once() -> None:
    told = [json.dumps({"id": f"evt_{number}", **EVENT}) for number in range(12)]

    def receive(number: int) -> int:
        """Each worker gets a third of them, the last one all of them once more."""
        mine = told if number == WORKERS - 1 else told[number :: WORKERS - 1]
        for body in mine:
            signature = stripe.WebhookSignature.generate_signature_header(body, settings.STRIPE_WEBHOOK_SECRETS[0])
            inbox.receive_among_others(body.encode(), signature)
        return len(mine)

    assert sorted(at_once(receive)) == [4, 4, 4, 12]

    stored = ProviderEvent.objects.values_list("external_id", flat=True)
    assert sorted(stored) == sorted(f"evt_{number}" for number in range(12))


def test_many_workers_on_the_events_of_one_purchase_make_everything_once(organization: Organization) -> None:
    shop.opened()
    shop.bought(organization)
    shop.deliver()

    def work(number: int) -> int:
        done = 0
        while inbox.process_one(f"w{number}"):
            done += 1
        return done

    assert 1 <= sum(at_once(work)) <= ProviderEvent.objects.count()

    assert not ProviderEvent.objects.exclude(status__in=("PROCESSED", "IGNORED")).exists()
    assert CheckoutSession.objects.get().status == "completed"
    assert Subscription.objects.get().status == "active"
    assert Invoice.objects.get().status == "paid"
    assert BillingAccount.objects.count() == 1
    assert AuditEvent.objects.filter(action="checkout.complete").count() == 1


def test_no_two_workers_read_one_owner_at_once(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes while one reads goes on to another owner, or finds nothing; nobody's event is left."""
    shop.opened()
    shop.bought(organization)
    shop.deliver()
    told = shop.events("customer.subscription.created")[0]
    reading, most, guard = 0, 0, threading.Lock()
    read = StripeProvider.snapshot

    def watched(self: StripeProvider, kind: str, object_id: str) -> Any:
        nonlocal reading, most
        with guard:
            reading, most = reading + 1, max(most, reading + 1)
        try:
            time.sleep(0.05)
            return read(self, kind, object_id)
        finally:
            with guard:
                reading -= 1

    monkeypatch.setattr(StripeProvider, "snapshot", watched)

    def work(number: int) -> None:
        for turn in range(10):
            shop.hear({**told, "id": f"evt_{number}_{turn}"})
            inbox.process_one(f"w{number}")
            time.sleep(0.02)

    at_once(work)
    with scoping.system():
        shop.work()
        assert not ProviderEvent.objects.exclude(status__in=("PROCESSED", "IGNORED")).exists()
        assert AuditEvent.objects.filter(action="checkout.complete").count() == 1
        assert Subscription.objects.get().status == "active"
    assert most == 1
