"""Endpoints: where they may lead, their secrets, their pauses."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from orgs.models import Organization
from platform_core import clock, worker
from platform_core.errors import Conflict, InvalidInput, NotFound
from platform_core.models import AuditEvent, WebhookDelivery, WebhookEndpoint
from platform_core.services import webhook_endpoints, webhook_messages
from platform_core.services.webhook_messages import Audience
from tests import clocks, make
from tests.loopback import Reply, serve

URL = "https://hooks.harbour.test/in"
Status = WebhookDelivery.Status


def work() -> None:
    while worker.round("test"):
        pass


def tell(endpoint: WebhookEndpoint, *names: str) -> None:
    for name in names:
        audience = Audience(endpoint.audience_id or uuid4(), endpoint.organization_id)
        webhook_messages.announce([audience], "thing.made", {"name": name}, key=name)


def test_an_endpoint_is_the_organizations_and_its_secret_is_kept_encrypted(organization: Organization) -> None:
    given = {"url": URL, "name": "Ours", "event_types": ["invoice.*"], "in_order": True}

    endpoint, secret = webhook_endpoints.add(organization.pk, given, by=make.user())

    kept = webhook_endpoints.own(organization.pk, endpoint.pk)
    assert (kept.url, kept.name, kept.event_types, kept.in_order) == (URL, "Ours", ["invoice.*"], True)
    assert (kept.audience_id, kept.enrolled, kept.signing_secrets) == (organization.pk, False, [secret])
    with pytest.raises(NotFound):
        webhook_endpoints.own(make.organization().pk, endpoint.pk)
    event = AuditEvent.objects.get()
    assert (event.action, event.organization_id) == ("webhook_endpoint.create", organization.pk)
    assert secret not in json.dumps(event.changes)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://hooks.harbour.test/", "An address that begins with https:// is wanted."),
        ("https://ada:secret@hooks.harbour.test/", "The address must not hold a name or a password."),
        ("https://127.0.0.1/", "The address must be one of the public internet."),
        ("https://[::1]/", "The address must be one of the public internet."),
        ("https://169.254.169.254/latest", "The address must be one of the public internet."),
        ("https://printer.local/", "The address must be one of the public internet."),
    ],
)
def test_an_address_is_https_and_public(organization: Organization, url: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        webhook_endpoints.add(organization.pk, {"url": url}, by=make.user())

    assert refused.value.details == {"url": [problem]}
    assert not WebhookEndpoint.objects.exists()


def test_there_are_not_too_many(organization: Organization) -> None:
    for _ in range(webhook_endpoints.MOST):
        webhook_endpoints.add(organization.pk, {"url": URL}, by=make.user())

    with pytest.raises(Conflict):
        webhook_endpoints.add(organization.pk, {"url": URL}, by=make.user())


def test_events_are_chosen_among_those_that_exist() -> None:
    known = frozenset({"invoice.paid", "invoice.finalized", "payment.failed"})

    assert webhook_endpoints.check_event_types(["invoice.*", "payment.failed", "invoice.*"], known) == [
        "invoice.*",
        "payment.failed",
    ]
    for wrong in ("order.*", "invoice", "*", "INVOICE.PAID", "invoice.paid; drop"):
        with pytest.raises(InvalidInput):
            webhook_endpoints.check_event_types([wrong], known)


def test_a_change_is_checked_and_told(organization: Organization) -> None:
    by = make.user()
    endpoint, _ = webhook_endpoints.add(organization.pk, {"url": URL}, by=by)

    webhook_endpoints.change(endpoint, {"url": URL, "name": "New"}, by=by)
    webhook_endpoints.change(endpoint, {"name": "New"}, by=by)
    with pytest.raises(InvalidInput):
        webhook_endpoints.change(endpoint, {"url": "https://10.0.0.1/"}, by=by)

    event = AuditEvent.objects.get(action="webhook_endpoint.update")
    assert event.changes == {"name": ["", "New"]}
    endpoint.refresh_from_db()
    assert endpoint.url == URL


def test_what_comes_during_a_pause_waits_for_its_end() -> None:
    by = make.user()
    with serve() as server:
        endpoint = make.audience_endpoint(server.url)
        webhook_endpoints.pause(endpoint, by=by)
        with pytest.raises(Conflict):
            webhook_endpoints.pause(endpoint, by=by)
        tell(endpoint, "a", "b")
        work()
        assert server.asked == []
        assert set(endpoint.deliveries.values_list("status", "attempt")) == {(Status.HELD, 0)}
        webhook_endpoints.resume(endpoint, by=by)
        with pytest.raises(Conflict):
            webhook_endpoints.resume(endpoint, by=by)
        work()

    assert len(server.asked) == 2
    assert set(endpoint.deliveries.values_list("status", flat=True)) == {Status.DELIVERED}


def test_an_order_that_is_given_up_lets_go_what_waited() -> None:
    by = make.user()
    with serve(Reply(500), Reply(200)) as server:
        endpoint = make.audience_endpoint(server.url, in_order=True)
        tell(endpoint, "a", "b", "c")
        work()
        assert len(server.asked) == 1
        webhook_endpoints.change(endpoint, {"in_order": False}, by=by)
        work()

    assert [json.loads(asked.body)["data"]["name"] for asked in server.asked] == ["a", "b", "c"]


def test_one_that_was_disabled_hears_again_and_gives_up_what_was_owed() -> None:
    by = make.user()
    with serve(Reply(410), Reply(200)) as server:
        endpoint = make.audience_endpoint(server.url, in_order=True)
        tell(endpoint, "a", "b")
        work()
        endpoint.refresh_from_db()
        assert endpoint.state == "disabled"
        assert "410" in endpoint.trouble
        assert set(endpoint.deliveries.values_list("status", flat=True)) == {Status.FAILED}
        tell(endpoint, "unheard")
        webhook_endpoints.resume(endpoint, by=by)
        tell(endpoint, "c")
        work()
        assert len(server.asked) == 2
        webhook_endpoints.disable(endpoint, by=by)
        with pytest.raises(Conflict):
            webhook_endpoints.disable(endpoint, by=by)
        tell(endpoint, "d")
        work()

    assert [json.loads(asked.body)["data"]["name"] for asked in server.asked] == ["a", "c"]


def test_a_secret_is_replaced_with_an_overlap(organization: Organization) -> None:
    by = make.user()
    endpoint, first = webhook_endpoints.add(organization.pk, {"url": URL}, by=by)

    second = webhook_endpoints.renew_secret(endpoint, by=by)
    endpoint.refresh_from_db()
    assert endpoint.signing_secrets == [second, first]
    with clocks.at(clock.now() + timedelta(hours=24, seconds=1)):
        assert endpoint.signing_secrets == [second]
        assert webhook_endpoints.forget_old_secrets() == {"forgotten": 1}
        assert webhook_endpoints.forget_old_secrets() == {"forgotten": 0}
    endpoint.refresh_from_db()
    assert endpoint.secrets == second
    third = webhook_endpoints.renew_secret(endpoint, by=by, overlap_hours=0)
    endpoint.refresh_from_db()
    assert (endpoint.secrets, endpoint.overlap_until) == (third, None)
    with pytest.raises(InvalidInput):
        webhook_endpoints.renew_secret(endpoint, by=by, overlap_hours=721)
    told: list[Any] = list(
        AuditEvent.objects.filter(action="webhook_endpoint.update").values_list("changes", flat=True)
    )
    assert [each["secret"] for each in told] == ["changed", "changed"]
    assert not any(secret in json.dumps(told) for secret in (first, second, third))


def test_removing_forgets_the_log_too(organization: Organization) -> None:
    endpoint, _ = webhook_endpoints.add(organization.pk, {"url": URL}, by=make.user())
    tell(endpoint, "a")

    webhook_endpoints.remove(endpoint, by=make.user())

    assert not WebhookEndpoint.objects.exists()
    assert not WebhookDelivery.objects.exists()


def test_a_delivery_of_a_server_is_not_the_organizations(organization: Organization) -> None:
    endpoint, _ = webhook_endpoints.add(organization.pk, {"url": URL}, by=make.user())
    tell(endpoint, "a")
    ours = endpoint.deliveries.get()
    servers = make.webhook_delivery(make.webhook_endpoint(organization_id=organization.pk))

    assert webhook_endpoints.own_delivery(organization.pk, ours.pk) == ours
    for organization_id, delivery in ((organization.pk, servers), (make.organization().pk, ours)):
        with pytest.raises(NotFound):
            webhook_endpoints.own_delivery(organization_id, delivery.pk)
