"""Events go where they are wanted: in order, signed, at least once, to nowhere inside."""

import json
from datetime import timedelta
from typing import Any

import pytest

from orgs.models import Organization
from platform_core import clock, signing, worker
from platform_core.errors import Conflict, InvalidInput, NotFound
from platform_core.models import AuditEvent, AuditStream, WebhookEndpoint
from platform_core.models.leases import LONG_AGO
from platform_core.services import audit_sealing, audit_streams, outbox
from tests import make
from tests.clients import PersonClient
from tests.loopback import Reply, Server, serve

Status = AuditStream.Status


@pytest.fixture(autouse=True)
def _may_reach_loopback(settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]


def turn(stream: AuditStream) -> AuditStream:
    """Its turn has come."""
    AuditStream.objects.filter(pk=stream.pk).update(run_after=clock.now(), lease_until=LONG_AGO)
    assert audit_streams.stream_one("worker")
    stream.refresh_from_db()
    return stream


def sent(server: Server) -> list[list[int]]:
    bodies = [json.loads(asked.body) for asked in server.asked]
    return [[event["sequence"] for event in body["events"]] for body in bodies if body["type"] == "audit.events"]


def pause(stream: AuditStream) -> float:
    return (stream.run_after - clock.now()).total_seconds()


def test_events_arrive_in_order_signed_and_with_their_authorization(organization: Organization) -> None:
    make.sealed_chain(organization, 3)
    with serve() as server:
        stream = turn(make.audit_stream(organization, f"{server.url}/events/", authorization="Splunk abc"))

    (asked,) = server.asked
    headers = {name.lower(): value for name, value in asked.headers.items()}
    assert (asked.path, headers["authorization"]) == ("/events/", "Splunk abc")
    assert headers["webhook-id"] == f"{stream.pk}.1-3"
    assert signing.verify(stream.endpoint.secrets.split(), headers, asked.body, clock.wall())
    body = json.loads(asked.body)
    assert (body["type"], body["organizationId"]) == ("audit.events", str(organization.pk))
    assert [event["action"] for event in body["events"]] == ["thing.number_0", "thing.number_1", "thing.number_2"]
    assert body["events"][0]["id"] == str(AuditEvent.objects.get(chain=organization.pk, sequence=1).pk)
    assert (stream.cursor_sequence, stream.failure_count, stream.error) == (3, 0, "")
    assert stream.delivered_at is not None


def test_batch_by_batch_and_nothing_of_others(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_streams, "BATCH", 2)
    make.sealed_chain(organization, 5)
    make.sealed_chain(make.organization(), 5)
    with serve() as server:
        stream = make.audit_stream(organization, server.url)
        while worker.round("test"):
            pass

    stream.refresh_from_db()
    assert sent(server) == [[1, 2], [3, 4], [5]]
    assert stream.cursor_sequence == 5
    assert 50 < pause(stream) <= 60


def test_sealing_wakes_a_stream_that_waits(organization: Organization) -> None:
    with serve() as server:
        stream = turn(make.audit_stream(organization, server.url))
        assert not audit_streams.stream_one("worker")
        make.audit_event(organization)
        while worker.round("test"):
            pass

    assert sent(server) == [[1]]
    stream.refresh_from_db()
    assert stream.cursor_sequence == 1


def test_what_is_sealed_while_a_stream_finds_nothing_is_not_left_lying(organization: Organization) -> None:
    make.sealed_chain(organization, 1)
    stream = make.audit_stream(organization, run_after=clock.now() + timedelta(hours=1))

    audit_streams._look_again(stream)

    stream.refresh_from_db()
    assert pause(stream) <= 0


def test_what_did_not_arrive_is_sent_again_later_and_then_the_rest(organization: Organization) -> None:
    make.sealed_chain(organization, 2)
    with serve(Reply(500), Reply(503, {"Retry-After": "900"}), Reply(204, body=b"")) as server:
        stream = turn(make.audit_stream(organization, server.url))
        assert (stream.cursor_sequence, stream.failure_count, stream.error) == (0, 1, "HTTP 500")
        assert 0 < pause(stream) <= 5
        turn(stream)
        assert (stream.failure_count, stream.status) == (2, Status.ACTIVE)
        assert 800 < pause(stream) <= 900
        make.sealed_chain(organization, 1)
        stream.refresh_from_db()
        assert pause(stream) > 800
        turn(stream)

    assert sent(server) == [[1, 2], [1, 2], [1, 2, 3]]
    assert (stream.cursor_sequence, stream.failure_count, stream.error) == (3, 0, "")


@pytest.mark.parametrize(("status", "failures"), [(410, 0), (500, len(outbox.DELAYS) - 1)])
def test_after_the_last_try_somebody_must_look_after_it(
    organization: Organization, owner: PersonClient, status: int, failures: int
) -> None:
    make.sealed_chain(organization, 2)
    with serve(Reply(status), Reply(200)) as server:
        stream = turn(make.audit_stream(organization, server.url, failure_count=failures))
        assert (stream.status, stream.error) == (Status.FAILED, f"HTTP {status}")
        AuditStream.objects.filter(pk=stream.pk).update(run_after=clock.now(), lease_until=LONG_AGO)
        assert not audit_streams.stream_one("worker")
        told = AuditEvent.objects.get(action="audit_stream.fail")
        assert (told.organization_id, told.changes) == (organization.pk, {"error": f"HTTP {status}"})

        audit_streams.change(stream, {"status": "active"}, by=owner.user)
        turn(stream)

    assert sent(server) == [[1, 2], [1, 2]]
    assert (stream.status, stream.cursor_sequence) == (Status.ACTIVE, 2)


def test_a_paused_stream_sends_nothing_and_misses_nothing(organization: Organization, owner: PersonClient) -> None:
    with serve() as server:
        stream = make.audit_stream(organization, server.url)
        audit_streams.change(stream, {"status": "paused"}, by=owner.user)
        make.sealed_chain(organization, 2)
        assert not audit_streams.stream_one("worker")
        audit_streams.change(stream, {"status": "active"}, by=owner.user)
        turn(stream)

    assert sent(server)[0][:2] == [1, 2]


def test_a_test_event_says_what_came_of_it(organization: Organization, owner: PersonClient) -> None:
    make.sealed_chain(organization, 1)
    with serve(Reply(401), Reply(200)) as server:
        stream, _ = audit_streams.add(organization.pk, {"url": server.url}, by=owner.user)
        turn(stream)
        assert (stream.test_error, stream.test_requested_at, stream.cursor_sequence) == ("HTTP 401", None, 1)
        audit_streams.request_test(stream, by=owner.user)
        turn(stream)

    assert stream.test_error == ""
    assert stream.tested_at is not None
    assert [json.loads(asked.body)["type"] for asked in server.asked] == ["audit.test", "audit.test"]
    assert len({asked.headers["webhook-id"] for asked in server.asked}) == 2
    audit_streams.change(stream, {"status": "paused"}, by=owner.user)
    with pytest.raises(Conflict):
        audit_streams.request_test(AuditStream.objects.get(pk=stream.pk), by=owner.user)


def test_a_name_that_leads_inside_is_refused_when_it_is_called(organization: Organization, settings: Any) -> None:
    settings.OUTBOUND_ALLOW = []
    make.sealed_chain(organization, 1)

    stream = turn(make.audit_stream(organization, "https://siem.localhost/"))

    assert "127.0.0.1" in stream.error
    assert stream.cursor_sequence == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://siem.example.com/",
        "https://127.0.0.2/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://localhost/",
        "https://db.localhost/",
        "https://metadata.google.internal/",
        "https://me:secret@siem.example.com/",
        "ftp://siem.example.com/",
        "https://",
        "//siem.example.com/",
    ],
)
def test_where_nothing_is_sent(organization: Organization, owner: PersonClient, url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        audit_streams.add(organization.pk, {"url": url}, by=owner.user)

    assert list(refused.value.details) == ["url"]
    assert not WebhookEndpoint.objects.exists()
    stream = make.audit_stream(organization)
    with pytest.raises(InvalidInput):
        audit_streams.change(stream, {"url": url}, by=owner.user)


def test_a_stream_begins_now_or_with_the_first_event(organization: Organization, owner: PersonClient) -> None:
    make.sealed_chain(organization, 3)
    url = "https://siem.example.com/"

    now, secret = audit_streams.add(organization.pk, {"url": url}, by=owner.user)
    first, other = audit_streams.add(organization.pk, {"url": url, "from_beginning": True}, by=owner.user)

    assert (now.cursor_sequence, first.cursor_sequence) == (3, 0)
    assert secret != other
    assert (now.endpoint.secrets, now.endpoint.organization_id) == (secret, organization.pk)
    for _ in range(3):
        audit_streams.add(organization.pk, {"url": url}, by=owner.user)
    with pytest.raises(Conflict):
        audit_streams.add(organization.pk, {"url": url}, by=owner.user)


def test_secrets_are_in_no_event(organization: Organization, owner: PersonClient) -> None:
    given = {"url": "https://siem.example.com/", "authorization": "Bearer hunter2"}
    stream, secret = audit_streams.add(organization.pk, given, by=owner.user)
    renewed = audit_streams.renew_secret(stream, by=owner.user)
    again = audit_streams.renew_secret(stream, by=owner.user)
    audit_streams.change(stream, {"authorization": "Bearer hunter3"}, by=owner.user)
    audit_streams.change(stream, {"url": stream.endpoint.url}, by=owner.user)

    stream.refresh_from_db()
    assert WebhookEndpoint.objects.get().secrets.split() == [again, renewed]
    assert stream.authorization == "Bearer hunter3"
    events = AuditEvent.objects.filter(target_type="platform_core.auditstream").order_by("pk")
    assert [event.action for event in events] == ["audit_stream.create"] + ["audit_stream.update"] * 3
    told = str(list(events.values_list("changes", "target_label")))
    assert [word for word in (secret, renewed, again, "hunter") if word in told] == []


def test_a_deleted_stream_is_forgotten(organization: Organization, owner: PersonClient) -> None:
    stream = make.audit_stream(organization)

    audit_streams.remove(stream, by=owner.user)

    assert not AuditStream.objects.exists()
    assert not WebhookEndpoint.objects.exists()
    assert AuditEvent.objects.get().action == "audit_stream.delete"
    with pytest.raises(NotFound):
        audit_streams.own(organization.pk, stream.pk)


def test_a_stream_of_another_address_goes_on_there(organization: Organization, owner: PersonClient) -> None:
    make.sealed_chain(organization, 1)
    with serve() as server:
        stream = make.audit_stream(organization, "https://old.example.com/", failure_count=3, error="HTTP 500")
        changed = audit_streams.change(stream, {"url": server.url}, by=owner.user)
        assert (changed.failure_count, changed.error) == (0, "")
        turn(stream)

    assert sent(server)[0][0] == 1
    audit_sealing.seal_all()
    event = AuditEvent.objects.get(action="audit_stream.update")
    assert event.changes == {"url": ["https://old.example.com/", server.url]}
