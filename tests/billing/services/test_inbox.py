"""Events wait in rows: taken one at a time, tried again, and never in each other's way."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from billing.models import CheckoutSession, Price, Subscription
from billing.providers.protocol import Snapshot
from billing.providers.sandbox import faults
from billing.providers.sandbox.faults import Fault
from billing.providers.stripe.provider import StripeProvider
from billing.services import inbox
from orgs.models import Organization
from platform_core import clock, leases
from platform_core.models import AuditEvent, ProviderEvent
from tests.billing import shop


@pytest.fixture
def organization() -> Organization:
    """It paid; nothing of it has been recorded."""
    return shop.buyer()


@pytest.fixture
def waiting(organization: Organization) -> ProviderEvent:
    """The completion of a checkout, come but not acted upon; everything before it is done with."""
    shop.hear(shop.events("checkout.session.completed")[0])
    return ProviderEvent.objects.get()


def due(event: ProviderEvent) -> None:
    """As if its back-off were over."""
    ProviderEvent.objects.filter(pk=event.pk).update(run_after=clock.now())


def test_there_may_be_nothing_to_do() -> None:
    assert not inbox.process_one("w1")


def test_an_event_is_acted_upon_once(waiting: ProviderEvent) -> None:
    assert inbox.process_one("w1")
    assert not inbox.process_one("w1")

    waiting.refresh_from_db()
    assert (waiting.status, waiting.error, waiting.worker) == ("PROCESSED", "", "w1")
    assert waiting.processed_at is not None


def test_what_an_event_changes_is_told_as_the_providers_word(waiting: ProviderEvent) -> None:
    inbox.process_one("w1")

    subscription = Subscription.objects.get()
    made = AuditEvent.objects.get(action="subscription.create")
    assert (made.actor_type, made.actor_id) == ("system", f"stripe:{waiting.external_id}")
    assert (made.actor_label, made.target_id) == ("stripe checkout.session.completed", str(subscription.pk))
    assert made.product == subscription.plan.product.code
    assert made.changes["status"] == [None, "active"]
    paid = AuditEvent.objects.get(action="invoice.status")
    assert (paid.changes, paid.actor_id) == ({"status": ["", "paid"]}, made.actor_id)
    # Of a purchase the buyer is the one who acts.
    assert AuditEvent.objects.get(action="checkout.complete").actor_type == "user"


def test_two_workers_never_hold_the_same_event(waiting: ProviderEvent) -> None:
    held = leases.claim(ProviderEvent, worker="w1")

    assert held == waiting
    assert not inbox.process_one("w2")


def test_what_concerns_nothing_of_ours_is_ignored() -> None:
    shop.opened()
    for event in shop.events():
        shop.hear(event)
    shop.work()

    assert {(event.kind, event.status) for event in ProviderEvent.objects.all()} == {
        ("product.created", "IGNORED"),
        ("price.created", "IGNORED"),
    }


@pytest.mark.parametrize(("fault", "said"), [(Fault.TIMEOUT_BEFORE, "did not answer"), (Fault.RATE_LIMITED, "is busy")])
def test_while_the_provider_is_away_the_event_waits(waiting: ProviderEvent, fault: Fault, said: str) -> None:
    with faults.injected(fault, times=3):
        assert inbox.process_one("w1")

    waiting.refresh_from_db()
    assert (waiting.status, waiting.attempt) == ("RECEIVED", 1)
    assert said in waiting.error
    assert waiting.run_after > clock.now() - timedelta(seconds=1)
    assert not Subscription.objects.exists()
    due(waiting)
    inbox.process_one("w1")
    waiting.refresh_from_db()
    assert (waiting.status, waiting.error) == ("PROCESSED", "")


def test_a_poison_event_fails_in_the_end_and_stops_nobody(waiting: ProviderEvent, organization: Organization) -> None:
    """The subscription has a price that is not ours: no retry will help, staff must look."""
    Price.objects.update(provider_price_id="")
    ProviderEvent.objects.update(attempt=inbox.MAX_ATTEMPTS - 2)
    assert inbox.process_one("w1")
    waiting.refresh_from_db()
    assert waiting.status == "RECEIVED"

    ProviderEvent.objects.create(
        provider="stripe", external_id="evt_next", kind="price.created", occurred_at=clock.now(), payload={}
    )
    due(waiting)
    assert shop.work() == 2

    waiting.refresh_from_db()
    assert waiting.status == "FAILED"
    assert "which the catalog does not know" in waiting.error
    assert ProviderEvent.objects.get(external_id="evt_next").status == "IGNORED"


def test_an_unforeseen_failure_is_told_and_tried_again(
    waiting: ProviderEvent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(self: StripeProvider, kind: str, object_id: str) -> Snapshot | None:
        raise KeyError("status")

    with monkeypatch.context() as broken:
        broken.setattr(StripeProvider, "snapshot", fail)
        assert inbox.process_one("w1")

    waiting.refresh_from_db()
    assert (waiting.status, waiting.error) == ("RECEIVED", "KeyError: 'status'")
    assert "could not be processed" in caplog.text


def test_a_database_in_trouble_is_not_the_events_fault(waiting: ProviderEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: StripeProvider, kind: str, object_id: str) -> Snapshot | None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(StripeProvider, "snapshot", fail)
    with pytest.raises(OperationalError):
        inbox.process_one("w1")


def test_a_worker_that_was_too_slow_writes_nothing(
    waiting: ProviderEvent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its lease ran out and another one has the event: whatever it read is thrown away."""
    read = StripeProvider.snapshot

    def slowly(self: StripeProvider, kind: str, object_id: str) -> Snapshot | None:
        ProviderEvent.objects.filter(pk=waiting.pk).update(lease_token=99)
        return read(self, kind, object_id)

    monkeypatch.setattr(StripeProvider, "snapshot", slowly)
    assert inbox.process_one("w1")

    assert not Subscription.objects.exists()
    assert CheckoutSession.objects.get().status == "open"
    waiting.refresh_from_db()
    assert waiting.status == "RECEIVED"
    assert "taken over" in caplog.text


def test_both_of_two_processes_that_read_at_once_may_write(organization: Organization) -> None:
    """Two events of one purchase, read by both workers before either writes."""
    for event in shop.events("checkout.session.completed", "invoice.paid"):
        shop.hear(event)
    read = StripeProvider.snapshot
    inner: list[Any] = []

    def in_between(self: StripeProvider, kind: str, object_id: str) -> Snapshot | None:
        found = read(self, kind, object_id)
        if not inner:
            inner.append(True)
            assert inbox.process_one("w2")
        return found

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(StripeProvider, "snapshot", in_between)
        assert inbox.process_one("w1")

    assert Subscription.objects.get().status == "active"
    assert set(ProviderEvent.objects.values_list("status", flat=True)) == {"PROCESSED"}
