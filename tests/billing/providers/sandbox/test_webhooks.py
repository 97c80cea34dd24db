"""Events reach their endpoints: signed, until a 2xx, at least once."""

import threading
from collections.abc import Mapping
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import permutations

import httpx
import pytest
import stripe
from pytest_django import Settings

from billing.providers.sandbox import clock as sandbox_clock
from billing.providers.sandbox import webhooks
from billing.providers.sandbox.models import Delivery
from platform_core import clock
from tests.billing.providers.sandbox import shop
from tests.billing.providers.sandbox.receiver import SECRET, Receiver


def test_every_event_arrives_signed_at_the_platforms_receiver(settings: Settings) -> None:
    settings.BASE_URL = "http://127.0.0.1:18999"
    customer = shop.client().v1.customers.create({"name": "Ünïcode", "email": "a@b.test"})
    receiver = Receiver()

    assert webhooks.deliver_pending(receiver) == 1
    assert webhooks.deliver_pending(receiver) == 0

    (event,) = receiver.events
    assert receiver.urls == ["http://127.0.0.1:18999/api/v1/webhooks/stripe"]
    assert (event.type, event.data.object["id"], event.data.object["name"]) == (
        "customer.created",
        customer.id,
        "Ünïcode",
    )
    assert event.pending_webhooks == 1
    assert shop.client().v1.events.retrieve(event.id).pending_webhooks == 0


def test_the_signature_is_of_the_machines_time_although_business_time_is_far_ahead() -> None:
    sandbox_clock.advance(by=timedelta(days=90))
    shop.client().v1.customers.create({})
    receiver = Receiver()

    assert webhooks.deliver_pending(receiver) == 1

    assert receiver.events[0].created > clock.wall().timestamp() + 80 * 86_400


def test_a_changed_body_does_not_verify() -> None:
    shop.client().v1.customers.create({})

    def tamper(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body + b" ", headers["Stripe-Signature"], SECRET, api_key="sk_test_x")
        return 200

    assert webhooks.deliver_pending(tamper) == 1


def test_what_is_refused_is_tried_again_later_and_later() -> None:
    shop.client().v1.customers.create({})
    receiver = Receiver(500, 400, 302)
    waits = []

    for _ in range(3):
        assert webhooks.deliver_pending(receiver) == 0
        assert webhooks.deliver_pending(receiver) == 0
        delivery = Delivery.objects.get()
        assert delivery.next_attempt_at is not None
        waits.append(round((delivery.next_attempt_at - clock.wall()).total_seconds()))
        Delivery.objects.update(next_attempt_at=clock.wall())

    assert webhooks.deliver_pending(receiver) == 1
    delivery = Delivery.objects.get()
    assert waits == [1, 2, 4]
    assert (delivery.attempt_count, delivery.last_answer, delivery.next_attempt_at) == (4, "200", None)
    assert delivery.delivered_at is not None


def test_an_endpoint_that_does_not_answer_is_tried_again() -> None:
    shop.client().v1.customers.create({})

    def unreachable(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        raise httpx.ConnectError("refused")

    assert webhooks.deliver_pending(unreachable) == 0
    assert Delivery.objects.get().last_answer == "ConnectError: refused"


def test_after_three_days_it_is_given_up() -> None:
    shop.client().v1.customers.create({})
    Delivery.objects.update(created_at=clock.wall() - timedelta(days=3, minutes=1), attempt_count=30)

    assert webhooks.deliver_pending(Receiver(500)) == 0

    delivery = Delivery.objects.get()
    assert (delivery.next_attempt_at, delivery.delivered_at) == (None, None)


def test_a_crash_in_the_middle_of_an_attempt_brings_the_delivery_back() -> None:
    shop.client().v1.customers.create({})

    def crash(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        webhooks.deliver_pending(crash)
    delivery = Delivery.objects.get()
    assert delivery.next_attempt_at is not None
    assert delivery.next_attempt_at > clock.wall() - timedelta(seconds=1)
    Delivery.objects.update(next_attempt_at=clock.wall())

    assert webhooks.deliver_pending(Receiver()) == 1


def test_of_two_pumps_one_takes_an_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    shop.client().v1.customers.create({})
    receiver, nested = Receiver(), []

    def meanwhile(batch: list[Delivery]) -> list[Delivery]:
        Delivery.objects.update(next_attempt_at=clock.wall())
        stale = Delivery.objects.get()
        stale.attempt_count = 0
        nested.append(webhooks._claim(stale))
        return batch

    assert webhooks.deliver_pending(receiver, arrange=meanwhile) == 1
    assert nested == [False]
    assert receiver.kinds == ["customer.created"]


def test_any_order_and_any_repetition_can_be_had() -> None:
    orders = set()
    for order in permutations(range(3)):
        Delivery.objects.all().delete()
        for number in range(3):
            shop.client().v1.customers.create({"name": str(number)})
        receiver = Receiver()

        delivered = webhooks.deliver_pending(receiver, arrange=lambda batch, order=order: [batch[at] for at in order])  # type: ignore[misc]

        assert delivered == 3
        orders.add(tuple(event.data.object["name"] for event in receiver.events))
    assert len(orders) == 6


def test_disorder_shuffles_and_repeats_reproducibly() -> None:
    for number in range(12):
        shop.client().v1.customers.create({"name": str(number)})
    batch = list(Delivery.objects.order_by("id"))

    first, again = webhooks.disorderly(7)(batch), webhooks.disorderly(7)(batch)

    assert list(first) == list(again)
    assert set(first) == set(batch)
    assert len(first) > len(batch)
    assert first[:12] != batch


class TestEndpoints:
    def test_get_what_they_asked_for_under_their_own_secret(self) -> None:
        api = shop.client().v1
        made = api.webhook_endpoints.create({"url": "https://hooks.test/a", "enabled_events": ["product.created"]})
        Delivery.objects.all().delete()
        api.customers.create({})
        shop.product()
        receiver = Receiver()
        receiver.secret = str(made.secret)

        webhooks.deliver_pending(receiver, arrange=lambda batch: [each for each in batch if each.endpoint])

        assert (receiver.urls, receiver.kinds) == (["https://hooks.test/a"], ["product.created"])

    def test_that_are_gone_get_nothing_more(self) -> None:
        api = shop.client().v1
        made = api.webhook_endpoints.create({"url": "https://hooks.test/a", "enabled_events": ["*"]})
        shop.product()
        api.webhook_endpoints.delete(made.id)
        shop.product()
        receiver = Receiver()

        assert webhooks.deliver_pending(receiver) == 2
        assert "https://hooks.test/a" not in receiver.urls
        assert Delivery.objects.get(endpoint=made.id).last_answer == "The endpoint is gone."


def test_delivery_is_real_http(settings: Settings) -> None:
    arrived: list[tuple[str, bytes, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            arrived.append((self.path, body, self.headers["Stripe-Signature"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Quietly."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    settings.BASE_URL = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.handle_request, daemon=True).start()
    shop.client().v1.customers.create({})

    assert webhooks.deliver_pending() == 1

    server.server_close()
    ((path, body, signature),) = arrived
    assert path == "/api/v1/webhooks/stripe"
    assert stripe.Webhook.construct_event(body, signature, SECRET, api_key="sk_test_x").type == "customer.created"
