"""Events for audiences: owed with their business write, once to each endpoint that wants them, and again on demand."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from platform_core import clock, worker
from platform_core.errors import Conflict, InvalidInput
from platform_core.models import AuditEvent, WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookMessage
from platform_core.models.leases import LONG_AGO
from platform_core.services import audit, outbox, webhook_messages
from platform_core.services.webhook_messages import Audience, announce
from tests import clocks, make
from tests.loopback import Reply, Server, serve

Status = WebhookDelivery.Status


def audience_of(endpoint: WebhookEndpoint, **fields: Any) -> Audience:
    assert endpoint.audience_id is not None
    return Audience(endpoint.audience_id, endpoint.organization_id, **fields)


def tell(endpoint: WebhookEndpoint, *names: str) -> list[WebhookDelivery]:
    for name in names:
        announce([audience_of(endpoint)], "thing.made", {"name": name}, key=name)
    return list(endpoint.deliveries.order_by("pk"))


def work() -> None:
    while worker.round("test"):
        pass


def let_time_pass() -> None:
    """As if every pause were over."""
    WebhookDelivery.objects.waiting().update(run_after=clock.now(), lease_until=LONG_AGO)
    work()


def names(server: Server) -> list[str]:
    return [json.loads(asked.body)["data"]["name"] for asked in server.asked]


def test_each_endpoint_that_wants_it_is_owed_it_once() -> None:
    organization = uuid4()
    wanting = make.audience_endpoint(event_types=["thing.*"])
    all_of_them = make.audience_endpoint(audience_id=wanting.audience_id)
    make.audience_endpoint(event_types=["invoice.paid", "thing"], audience_id=wanting.audience_id)
    make.audience_endpoint(is_active=False, audience_id=wanting.audience_id)
    other = make.audience_endpoint()
    beside = {"consumer": {"key": "funnel", "tenantId": "t1"}}

    with clocks.stopped():
        told = Audience(wanting.audience_id or uuid4(), organization, beside)
        assert announce([told, Audience(uuid4(), None)], "thing.made", {"a": 1}, key="k", version=2) == 2
        assert announce([told], "thing.made", {"a": 2}, key="k", version=2) == 0
        now = clock.now()

    message = WebhookMessage.objects.get()
    assert message.payload == {
        "id": str(message.pk),
        "type": "thing.made",
        "version": 2,
        "timestamp": f"{now:%Y-%m-%dT%H:%M:%S.%fZ}",
        "organizationId": str(organization),
        "consumer": {"key": "funnel", "tenantId": "t1"},
        "data": {"a": 1},
    }
    found = WebhookDelivery.objects.all()
    assert {each.endpoint_id for each in found} == {wanting.pk, all_of_them.pk}
    assert {each.webhook_id for each in found} == {str(message.pk)}
    assert not other.deliveries.exists()


def test_where_nobody_listens_nothing_is_written() -> None:
    assert announce([Audience(uuid4(), None)], "thing.made", {}, key="k") == 0
    assert not WebhookMessage.objects.exists()


def test_an_event_is_undone_with_its_write() -> None:
    endpoint = make.audience_endpoint()
    with transaction.atomic():
        announce([audience_of(endpoint)], "thing.made", {}, key="k")
        transaction.set_rollback(True)
    assert not WebhookMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_told() -> None:
    with pytest.raises(audit.OutsideTransaction):
        announce([Audience(uuid4(), None)], "thing.made", {}, key="k")


def test_a_try_is_logged_with_what_was_sent_and_what_came_back() -> None:
    with serve(Reply(500, {"Content-Type": "text/plain"}, b"no"), Reply(200, body=b"yes")) as server:
        endpoint = make.audience_endpoint(f"{server.url}/hook")
        (delivery,) = tell(endpoint, "a")
        work()
        let_time_pass()

    first, second = delivery.attempts.all()
    assert (first.response_status, first.response_body, first.error) == (500, "no", "")
    assert first.response_headers["content-type"] == "text/plain"
    assert (first.url, first.request_headers["webhook-id"]) == (f"{server.url}/hook", delivery.webhook_id)
    assert (second.response_status, second.response_body) == (200, "yes")
    delivery.refresh_from_db()
    assert delivery.status == Status.DELIVERED
    assert json.loads(server.asked[0].body) == delivery.body


def test_in_order_nothing_overtakes_what_fails() -> None:
    with serve(Reply(500), Reply(500), Reply(200)) as server:
        endpoint = make.audience_endpoint(server.url, in_order=True)
        first, second, third = tell(endpoint, "a", "b", "c")
        work()
        assert names(server) == ["a"]
        assert {each.status for each in endpoint.deliveries.exclude(pk=first.pk)} == {Status.HELD}
        let_time_pass()
        assert names(server) == ["a", "a"]
        tell(endpoint, "d")
        let_time_pass()

    assert names(server) == ["a", "a", "a", "b", "c", "d"]
    assert set(endpoint.deliveries.values_list("status", flat=True)) == {Status.DELIVERED}
    assert (second.attempt, third.attempt) == (0, 0)


def test_without_order_the_others_go_on() -> None:
    with serve(Reply(500), Reply(200)) as server:
        tell(make.audience_endpoint(server.url), "a", "b", "c")
        work()

    assert names(server) == ["a", "b", "c"]
    assert WebhookDelivery.objects.waiting().count() == 1


def test_in_order_what_is_given_up_is_not_passed_over() -> None:
    with serve(Reply(500)) as server:
        endpoint = make.audience_endpoint(server.url, in_order=True)
        first, second = tell(endpoint, "a", "b")
        WebhookDelivery.objects.filter(pk=first.pk).update(attempt=len(outbox.DELAYS) - 1)
        work()
        let_time_pass()

    endpoint.refresh_from_db()
    assert names(server) == ["a"]
    assert (endpoint.state, endpoint.trouble) == ("paused", outbox.GIVEN_UP)
    assert set(endpoint.deliveries.values_list("status", flat=True)) == {Status.FAILED, Status.HELD}
    assert AuditEvent.objects.get(action="webhook_endpoint.pause").target_id == str(endpoint.pk)
    assert not second.attempts.exists()


@pytest.mark.parametrize(("status", "asked", "seconds"), [(429, "120", 120), (502, "", 30), (504, "1", 30)])
def test_a_busy_receiver_is_left_alone_for_a_while(status: int, asked: str, seconds: int) -> None:
    with serve(Reply(status, {"Retry-After": asked} if asked else {}), Reply(200)) as server:
        endpoint = make.audience_endpoint(server.url)
        with clocks.stopped():
            _, second = tell(endpoint, "a", "b")
            work()
            endpoint.refresh_from_db()
            assert endpoint.throttled_until == clock.now() + timedelta(seconds=seconds)
            assert endpoint.state == "throttled"
            second.refresh_from_db()
            assert (second.status, second.attempt, second.run_after) == (Status.PENDING, 0, endpoint.throttled_until)
        assert names(server) == ["a"]
        with clocks.at(clock.now() + timedelta(hours=1)):
            work()

    endpoint.refresh_from_db()
    assert sorted(names(server)) == ["a", "a", "b"]
    assert endpoint.state == "active"
    assert endpoint.throttle_count == 0


def test_it_is_left_alone_ever_longer() -> None:
    with serve(Reply(429)) as server:
        endpoint = make.audience_endpoint(server.url, throttle_count=2)
        with clocks.stopped():
            tell(endpoint, "a")
            work()
            endpoint.refresh_from_db()
            assert endpoint.throttled_until == clock.now() + timedelta(seconds=120)
        WebhookEndpoint.objects.update(throttle_count=90, throttled_until=None)
        with clocks.stopped():
            tell(endpoint, "b")
            work()
            endpoint.refresh_from_db()
            assert endpoint.throttled_until == clock.now() + timedelta(hours=1)


def test_a_test_event_goes_to_one_endpoint_whatever_it_asked_for() -> None:
    by = make.user()
    with serve() as server:
        endpoint = make.audience_endpoint(server.url, event_types=["invoice.paid"])
        make.audience_endpoint(server.url, audience_id=endpoint.audience_id)
        delivery = webhook_messages.send_test(endpoint, by=by)
        webhook_messages.send_test(endpoint, by=by)
        work()

    delivery.refresh_from_db()
    assert delivery.status == Status.DELIVERED
    assert [json.loads(asked.body)["type"] for asked in server.asked] == ["webhook.test", "webhook.test"]
    assert AuditEvent.objects.filter(action="webhook_endpoint.test").count() == 2
    endpoint.paused_at = clock.now()
    with pytest.raises(Conflict):
        webhook_messages.send_test(endpoint, by=by)


def test_a_range_is_told_again_by_the_same_ids_and_with_what_was_not_wanted_then() -> None:
    by, start = make.user(), clock.now()
    with serve() as server:
        endpoint = make.audience_endpoint(server.url, event_types=["thing.*"])
        tell(endpoint, "a", "b")
        announce([audience_of(endpoint)], "invoice.paid", {"name": "c"}, key="c")
        webhook_messages.send_test(endpoint, by=by)
        make.audience_endpoint(server.url)
        work()
        WebhookMessage.objects.filter(idempotency_key__endswith=":a").update(created_at=start - timedelta(days=2))
        del server.asked[:]
        assert webhook_messages.replay(endpoint, since=start, by=by) == 1
        work()
        assert names(server) == ["b"]
        every = webhook_messages.replay(
            endpoint, since=start - timedelta(days=3), event_types=["thing.*", "invoice.*"], by=by
        )
        work()

    assert every == 3
    assert sorted(names(server)) == ["a", "b", "b", "c"]
    ids: dict[str, set[str]] = {}
    for asked in server.asked:
        ids.setdefault(json.loads(asked.body)["data"]["name"], set()).add(asked.headers["webhook-id"])
    assert {len(each) for each in ids.values()} == {1}
    assert WebhookDelivery.objects.filter(message__event="thing.made").count() == 2
    event = AuditEvent.objects.filter(action="webhook_endpoint.replay").latest("pk")
    assert event.changes["count"] == 3


def test_a_replay_that_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint, by, now = make.audience_endpoint(), make.user(), clock.now()
    tell(endpoint, "a", "b")

    with pytest.raises(InvalidInput, match="after the beginning"):
        webhook_messages.replay(endpoint, since=now, until=now, by=by)
    monkeypatch.setattr(webhook_messages, "MOST_REPLAYED", 1)
    with pytest.raises(Conflict, match="more than 1 events"):
        webhook_messages.replay(endpoint, since=now - timedelta(days=1), by=by)
    WebhookEndpoint.objects.update(is_active=False)
    with pytest.raises(Conflict, match="disabled"):
        webhook_messages.replay(endpoint, since=now - timedelta(days=1), by=by)
    assert not AuditEvent.objects.exists()


def test_what_is_owed_is_not_replayed_twice() -> None:
    endpoint = make.audience_endpoint()
    tell(endpoint, "a")

    assert webhook_messages.replay(endpoint, since=clock.now() - timedelta(days=1), by=make.user()) == 0
    assert endpoint.deliveries.count() == 1


def test_what_is_old_and_owed_to_nobody_is_forgotten() -> None:
    with serve() as server:
        endpoint = make.audience_endpoint(server.url)
        tell(endpoint, "old", "new")
        work()
        waiting = make.audience_endpoint(paused_at=clock.now())
        tell(waiting, "owed")
    before = clock.now() - webhook_messages.KEPT - timedelta(seconds=1)
    old: list[UUID] = []
    for name in ("old", "owed"):
        message = WebhookMessage.objects.get(idempotency_key__endswith=f":{name}")
        WebhookMessage.objects.filter(pk=message.pk).update(created_at=before)
        WebhookAttempt.objects.filter(delivery__message=message).update(created_at=before)
        old.append(message.pk)

    assert webhook_messages.forget_old() == {"attempts": 1, "events": 1}
    kept = {each.payload["data"]["name"] for each in WebhookMessage.objects.all()}
    assert kept == {"new", "owed"}
    assert WebhookDelivery.objects.filter(message__in=old).count() == 1
