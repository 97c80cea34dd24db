"""Events wait in rows: taken one at a time, tried again, and never in each other's way."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection

from billing.models import CheckoutSession, Price, Subscription
from billing.providers.protocol import Snapshot
from billing.providers.sandbox import faults
from billing.providers.sandbox.faults import Fault
from billing.providers.stripe.provider import StripeProvider
from billing.services import inbox
from orgs.models import Organization
from platform_core import clock, leases
from platform_core.models import AuditEvent, ProviderEvent, ProviderEventTry, ProviderObject
from platform_core.models.leases import LONG_AGO
from tests import make
from tests.billing import shop
from tests.billing.services.kills import Killed, killed

AS_THEY_LIE = {
    "sqlite": "SELECT external_id FROM platform_core_providerevent ORDER BY rowid",
    "postgresql": "SELECT external_id FROM platform_core_providerevent ORDER BY ctid",
}


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


def test_events_that_come_at_once_are_stored_in_one_order() -> None:
    named = {"provider": "stripe", "kind": "customer.updated", "occurred_at": clock.now(), "body": "{}"}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Rows lie as they came only where nothing lay before: what earlier tests took back leaves holes.
            cursor.execute("TRUNCATE platform_core_providerevent CASCADE")

    assert ProviderEvent.objects.keep([ProviderEvent(external_id=name, **named) for name in ("c", "a", "b")]) == 3

    with connection.cursor() as cursor:
        cursor.execute(AS_THEY_LIE[connection.vendor])
        assert [row[0] for row in cursor.fetchall()] == ["a", "b", "c"]


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


def test_two_workers_never_hold_the_same_owner(waiting: ProviderEvent) -> None:
    owner = ProviderObject.objects.create(provider="stripe", external_id=waiting.owner_id)
    assert leases.claim(ProviderObject, worker="w1") == owner

    assert not inbox.process_one("w2")

    leases.settle(owner.__class__.objects.get(), run_after=clock.now())
    assert inbox.process_one("w2")


def rivals(patch: pytest.MonkeyPatch, count: int) -> None:
    """Another worker comes first to the next so many owners."""
    claim = leases.claim
    left = [f"rival{number}" for number in range(count)]

    def beaten(model: type[ProviderObject], *, worker: str, pk: Any) -> ProviderObject | None:
        if left:
            assert claim(model, worker=left.pop(), pk=pk)
        return claim(model, worker=worker, pk=pk)

    patch.setattr(leases, "claim", beaten)


def test_whoever_comes_second_goes_on_to_the_next_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    lost, won = (make.provider_event(owner_id=owner) for owner in ("cus_1", "cus_2"))
    rivals(monkeypatch, 1)

    assert inbox.process_one("w1")

    assert set(ProviderEvent.objects.values_list("pk", "status")) == {(lost.pk, "RECEIVED"), (won.pk, "IGNORED")}
    assert ProviderObject.objects.get(external_id="cus_1").worker == "rival0"


def test_whoever_always_comes_second_gives_up_for_now(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(inbox.RIVALS + 1):
        make.provider_event(owner_id=f"cus_{number}")
    rivals(monkeypatch, inbox.RIVALS)

    assert not inbox.process_one("w1")

    assert set(ProviderEvent.objects.values_list("status", "attempt")) == {("RECEIVED", 0)}
    assert not ProviderObject.objects.filter(worker="w1").exists()
    assert inbox.process_one("w1")


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
        provider="stripe", external_id="evt_next", kind="price.created", occurred_at=clock.now(), body="{}"
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
        ProviderObject.objects.update(lease_token=99)
        return read(self, kind, object_id)

    monkeypatch.setattr(StripeProvider, "snapshot", slowly)
    assert inbox.process_one("w1")

    assert not Subscription.objects.exists()
    assert CheckoutSession.objects.get().status == "open"
    waiting.refresh_from_db()
    assert waiting.status == "RECEIVED"
    assert "taken over" in caplog.text


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was read, in order."""
    made: list[tuple[str, str]] = []
    read = StripeProvider.snapshot

    def counted(self: StripeProvider, kind: str, object_id: str) -> Snapshot | None:
        made.append((kind, object_id))
        return read(self, kind, object_id)

    monkeypatch.setattr(StripeProvider, "snapshot", counted)
    return made


def states() -> set[tuple[str, str]]:
    return set(ProviderEvent.objects.values_list("status", "error"))


def hear_copies(count: int, *, start: int = 0) -> None:
    """So many different events about one subscription."""
    told = shop.events("customer.subscription.updated", "customer.subscription.created")[0]
    for number in range(start, start + count):
        shop.hear({**told, "id": f"evt_burst{number}"})


@pytest.mark.usefixtures("waiting")
def test_a_burst_about_one_subscription_is_settled_by_one_reading(readings: list[tuple[str, str]]) -> None:
    hear_copies(30)

    assert shop.work() == 1

    subscription = Subscription.objects.get()
    assert readings == [("customer.subscription.created", subscription.provider_subscription_id)]
    assert states() == {("PROCESSED", "")}
    assert set(ProviderEventTry.objects.values_list("outcome", "together_count")) == {("PROCESSED", 31)}
    assert AuditEvent.objects.filter(action="checkout.complete").count() == 1


def test_what_arrives_while_a_reading_is_made_takes_another_one(
    waiting: ProviderEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reading may have begun before what it tells of; the second worker finds the owner held and takes nothing."""
    read = StripeProvider.snapshot
    made: list[str] = []

    def during(self: StripeProvider, kind: str, object_id: str) -> Snapshot | None:
        made.append(kind)
        found = read(self, kind, object_id)
        if len(made) == 1:
            hear_copies(3)
            assert not inbox.process_one("w2")
        return found

    monkeypatch.setattr(StripeProvider, "snapshot", during)
    assert inbox.process_one("w1")
    waiting.refresh_from_db()
    assert waiting.status == "PROCESSED"
    assert ProviderEvent.objects.filter(status="RECEIVED", attempt=0).count() == 3

    assert inbox.process_one("w2")
    assert states() == {("PROCESSED", "")}
    assert len(made) == 2


def test_a_later_reading_counts_as_later_whatever_its_machines_clock_says(waiting: ProviderEvent) -> None:
    ahead = clock.wall() + timedelta(hours=1)
    ProviderObject.objects.create(provider="stripe", external_id=waiting.owner_id, observed_at=ahead)

    inbox.process_one("w1")

    owner = ProviderObject.objects.get()
    assert owner.observed_at == ahead + timedelta(microseconds=1) == Subscription.objects.get().observed_at
    assert (owner.applied_seq, owner.lease_token, owner.lease_until) == (1, 1, LONG_AGO)


def test_what_a_worker_took_before_it_died_comes_back(waiting: ProviderEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as dying:
        killed(dying, StripeProvider, "snapshot", after=False)
        with pytest.raises(Killed):
            inbox.process_one("w1")
    waiting.refresh_from_db()
    assert (waiting.status, waiting.attempt) == ("RECEIVED", 1)
    assert waiting.run_after > clock.now() - timedelta(seconds=1)
    # Its owner is still held in its name.
    due(waiting)
    assert not inbox.process_one("w2")

    ProviderObject.objects.update(lease_until=LONG_AGO, run_after=clock.now())
    assert inbox.process_one("w2")
    assert states() == {("PROCESSED", "")}
    assert ProviderObject.objects.get().applied_seq == 2


def test_every_try_is_remembered(waiting: ProviderEvent) -> None:
    with faults.injected(Fault.TIMEOUT_BEFORE, times=3):
        inbox.process_one("w1")
    due(waiting)
    inbox.process_one("w2")

    tries = list(waiting.tries.values_list("outcome", "worker", "together_count"))
    assert tries == [("PUT_BACK", "w1", 1), ("PROCESSED", "w2", 1)]
    assert "did not answer" in waiting.tries.all()[0].detail


def test_a_kind_that_nobody_knows_is_kept_and_nobody_is_asked(readings: list[tuple[str, str]]) -> None:
    shop.buyer()
    told = shop.events("customer.subscription.created")[0]
    shop.hear({**told, "id": "evt_unknown", "type": "treasury.invented"})

    assert shop.work() == 0

    event = ProviderEvent.objects.get()
    assert event.processed_at is not None
    assert (event.status, event.kind, readings) == ("IGNORED", "treasury.invented", [])
    assert json.loads(event.body)["data"] == told["data"]


def test_two_subjects_of_one_owner_are_read_apart_and_fail_apart(waiting: ProviderEvent) -> None:
    """The one is poison; the other is settled in the same go."""
    told = shop.events("customer.subscription.created")[0]
    other = {**told["data"]["object"], "id": "sub_nobodys"}
    shop.hear({**told, "id": "evt_other", "data": {"object": other}})
    Price.objects.update(provider_price_id="")

    assert inbox.process_one("w1")

    waiting.refresh_from_db()
    assert (waiting.status, waiting.attempt) == ("RECEIVED", 1)
    assert ProviderEvent.objects.get(external_id="evt_other").status == "IGNORED"


def test_a_reading_settles_what_it_tells_of_whatever_that_is_about(readings: list[tuple[str, str]]) -> None:
    """The payment of the first invoice, and the card that was saved: neither is asked about by itself."""
    shop.customer()
    readings.clear()
    for event in shop.events("payment_intent.succeeded", "payment_method.attached", "invoice.paid"):
        shop.hear({**event, "id": f"{event['id']}_again"})

    assert shop.work() == 1

    assert [kind for kind, _ in readings] == ["customer.subscription.updated"]
    again = ProviderEvent.objects.filter(external_id__endswith="_again")
    assert set(again.values_list("status", "error")) == {("PROCESSED", "")}
    assert again.count() == 3


def test_what_does_not_say_whose_it_is_joins_its_owner_once_that_is_known() -> None:
    """A dispute or a refund names the payment only."""
    customer = shop.customer().billing_account.provider_customer_id
    told = shop.events("payment_intent.succeeded")[0]
    nameless = {**told["data"]["object"], "customer": None}
    shop.hear({**told, "id": "evt_nameless", "data": {"object": nameless}})
    event = ProviderEvent.objects.get(external_id="evt_nameless")
    assert event.owner_id == nameless["id"]

    assert inbox.process_one("w1")
    event.refresh_from_db()
    assert (event.status, event.owner_id) == ("RECEIVED", customer)
    assert inbox.process_one("w1")
    event.refresh_from_db()
    assert (event.status, event.owner_id) == ("PROCESSED", customer)
