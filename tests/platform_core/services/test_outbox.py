"""Deliveries, against a real server."""

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest
from django.db import transaction

from platform_core import clock, signing
from platform_core.models import AuditEvent, WebhookDelivery, WebhookEndpoint
from platform_core.models.leases import LONG_AGO
from platform_core.services import outbox, webhook_posting
from tests import make
from tests.loopback import Reply, Server, serve

Status = WebhookDelivery.Status


def endpoint_at(server: Server, **fields: Any) -> WebhookEndpoint:
    return make.webhook_endpoint(f"{server.url}/hooks/", **fields)


def deliver(delivery: WebhookDelivery) -> WebhookDelivery:
    """Let the pause pass, and try."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(run_after=clock.now(), lease_until=LONG_AGO)
    assert outbox.deliver_one("worker")
    delivery.refresh_from_db()
    return delivery


def pause(delivery: WebhookDelivery) -> float:
    return (delivery.run_after - clock.now()).total_seconds()


def test_an_event_is_owed_once() -> None:
    endpoint = make.webhook_endpoint()

    first = outbox.queue(endpoint, "thing.changed", {"a": 1}, key="thing:1")
    second = outbox.queue(endpoint, "thing.changed", {"a": 2}, key="thing:1")

    assert second == first
    assert (second.payload, second.status, second.path) == ({"a": 1}, Status.PENDING, "")


def test_what_is_undone_is_not_owed() -> None:
    endpoint = make.webhook_endpoint()
    with transaction.atomic():
        outbox.queue(endpoint, "thing.changed", {}, key="thing:1")
        transaction.set_rollback(True)

    assert not outbox.deliver_one("worker")


def test_a_delivery_is_signed_with_every_secret() -> None:
    old, new = signing.new_secret(), signing.new_secret()
    with serve(Reply(204, body=b"")) as server:
        endpoint = endpoint_at(server, secrets=f"{new}\n{old}")
        delivery = outbox.queue(endpoint, "config.update", {"version": "é"}, key="k", path="/config-update")
        deliver(delivery)

    assert (delivery.status, delivery.response_status, delivery.error) == (Status.DELIVERED, 204, "")
    assert delivery.delivered_at is not None
    (asked,) = server.asked
    assert (asked.path, asked.body.decode()) == ("/hooks/config-update", '{"version":"é"}')
    headers = {name.lower(): value for name, value in asked.headers.items()}
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == str(delivery.pk)
    assert headers["x-letsbe-event"] == "config.update"
    for secret in (old, new):
        assert signing.verify([secret], headers, asked.body, clock.wall())
    assert not outbox.deliver_one("worker")


def test_a_repeated_try_has_the_same_id() -> None:
    with serve(Reply(500), Reply(200)) as server:
        delivery = make.webhook_delivery(endpoint_at(server))
        deliver(delivery)
        assert (delivery.status, delivery.response_status, delivery.error) == (Status.PENDING, 500, "HTTP 500")
        deliver(delivery)

    assert (delivery.status, delivery.response_status, delivery.error) == (Status.DELIVERED, 200, "")
    first, second = ({name.lower(): value for name, value in asked.headers.items()} for asked in server.asked)
    assert first["webhook-id"] == second["webhook-id"]
    assert server.asked[0].body == server.asked[1].body


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 429, 500, 503])
def test_anything_but_2xx_is_a_failure(status: int) -> None:
    with serve(Reply(status, {"Location": "/elsewhere"})) as server:
        delivery = deliver(make.webhook_delivery(endpoint_at(server)))

    assert (delivery.status, delivery.response_status) == (Status.PENDING, status)
    assert len(server.asked) == 1


def test_the_pauses_are_those_of_the_standard() -> None:
    with serve(Reply(500)) as server:
        delivery = make.webhook_delivery(endpoint_at(server))
        pauses = []
        for _ in range(9):
            deliver(delivery)
            pauses.append(pause(delivery))
        deliver(delivery)

    for measured, due in zip(pauses, outbox.DELAYS[1:], strict=True):
        assert due * 0.9 - 1 < measured <= due * 1.1
    assert (delivery.status, delivery.attempt) == (Status.FAILED, 10)
    assert len(server.asked) == 10
    assert not outbox.deliver_one("worker")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("120", 120.0),
        (" 120 ", 120.0),
        ("", 0.0),
        ("soon", 0.0),
        ("-5", 0.0),
        (format_datetime(datetime(2026, 1, 1, 0, 2, tzinfo=UTC), usegmt=True), 120.0),
        ("Thu, 01 Jan 2026 00:02:00 -0000", 120.0),
        (format_datetime(datetime(2025, 1, 1, tzinfo=UTC), usegmt=True), 0.0),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str, expected: float) -> None:
    assert webhook_posting.asked_to_wait(header, datetime(2026, 1, 1, tzinfo=UTC)) == expected


@pytest.mark.parametrize(("asked", "pause_seconds"), [("600", 600), ("1", 5), ("9999999", 86400)])
def test_retry_after_is_honoured_within_reason(asked: str, pause_seconds: int) -> None:
    with serve(Reply(429, {"Retry-After": asked})) as server:
        delivery = deliver(make.webhook_delivery(endpoint_at(server)))

    assert pause_seconds * 0.9 - 1 < pause(delivery) <= pause_seconds * 1.1


def test_a_receiver_that_is_gone_is_disabled() -> None:
    with serve(Reply(410)) as server:
        endpoint = endpoint_at(server)
        first = deliver(make.webhook_delivery(endpoint))
        second = deliver(make.webhook_delivery(endpoint))

    endpoint.refresh_from_db()
    assert not endpoint.is_active
    assert (first.status, first.response_status) == (Status.FAILED, 410)
    assert (second.status, second.response_status, second.error) == (Status.FAILED, None, "The endpoint is disabled.")
    assert len(server.asked) == 1
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_type, event.target_id) == ("webhook_endpoint.disable", "system", str(endpoint.pk))


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:9/", "127.0.0.1 (127.0.0.1) is not a public address."),
        ("http://169.254.169.254/", "169.254.169.254 (169.254.169.254) is not a public address."),
        ("http://0177.0.0.1/", "Invalid IPv4 address: '0177.0.0.1'"),
        ("ftp://127.0.0.1/", "127.0.0.1 cannot be asked: Request URL has an unsupported protocol 'ftp://'."),
    ],
)
def test_a_customers_endpoint_may_not_be_private(url: str, reason: str) -> None:
    delivery = deliver(make.webhook_delivery(make.webhook_endpoint(url, enrolled=False)))

    assert (delivery.status, delivery.response_status) == (Status.PENDING, None)
    assert delivery.error.startswith(reason)


def test_a_fenced_try_changes_nothing() -> None:
    delivery = make.webhook_delivery()
    stale = WebhookDelivery.objects.get(pk=delivery.pk)
    WebhookDelivery.objects.update(lease_token=7)

    outbox._settle(stale, webhook_posting.Answer(410))
    outbox._settle(stale, webhook_posting.Answer(200))

    delivery.refresh_from_db()
    assert (delivery.status, delivery.response_status) == (Status.PENDING, None)
    assert delivery.endpoint.is_active
