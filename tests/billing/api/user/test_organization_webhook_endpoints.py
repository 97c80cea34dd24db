"""Where events of billing are sent, through the API."""

from datetime import timedelta
from typing import Any

from billing.services import outbound
from orgs.models import Organization
from orgs.roles import Role
from platform_core import clock
from platform_core.models import AuditEvent, WebhookDelivery, WebhookEndpoint
from tests import make
from tests.clients import PersonClient

URL = "https://hooks.harbour.test/in"


def path(organization: Organization, *rest: object) -> str:
    return "/".join([f"/api/v1/organizations/{organization.pk}/webhook-endpoints", *map(str, rest)])


def made(owner: PersonClient, organization: Organization, **given: Any) -> dict[str, Any]:
    answer = owner.post(path(organization), {"url": URL, **given})
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def test_a_secret_is_shown_once(organization: Organization, owner: PersonClient) -> None:
    body = made(owner, organization, name="Books", eventTypes=["invoice.*"], inOrder=True)

    endpoint = WebhookEndpoint.objects.get()
    assert body.pop("secret") == endpoint.secrets
    assert body == {
        "id": str(endpoint.pk),
        "name": "Books",
        "url": URL,
        "eventTypes": ["invoice.*"],
        "inOrder": True,
        "state": "active",
        "trouble": "",
        "throttledUntil": None,
        "overlapUntil": None,
        "createdAt": body["createdAt"],
    }
    listed, one = owner.get(path(organization)), owner.get(path(organization, endpoint.pk))
    assert listed.json()["items"] == [body]
    assert one.json() == body
    assert endpoint.secrets not in listed.content.decode() + one.content.decode()


def test_what_is_wrong_is_named(organization: Organization, owner: PersonClient) -> None:
    for given, field in (
        ({}, "url"),
        ({"url": "http://hooks.harbour.test/"}, "url"),
        ({"url": "https://localhost/"}, "url"),
        ({"url": URL, "eventTypes": ["order.*"]}, "eventTypes"),
        ({"url": URL, "eventTypes": "invoice.paid"}, "eventTypes"),
        ({"url": URL, "secret": "mine"}, "secret"),
    ):
        answer = owner.post(path(organization), given)
        assert (answer.status_code, sorted(answer.json()["details"])) == (400, [field]), given
    assert not WebhookEndpoint.objects.exists()


def test_it_is_changed_paused_and_resumed(organization: Organization, owner: PersonClient) -> None:
    endpoint = made(owner, organization)["id"]

    changed = owner.patch(path(organization, endpoint), {"url": URL + "/2", "eventTypes": ["invoice.paid"]}).json()
    paused = owner.patch(path(organization, endpoint), {"state": "paused"}).json()
    again = owner.patch(path(organization, endpoint), {"state": "paused"})
    untested = owner.post(path(organization, endpoint, "test"))
    active = owner.patch(path(organization, endpoint), {"state": "active"}).json()
    tested = owner.post(path(organization, endpoint, "test"))

    assert (changed["url"], changed["eventTypes"]) == (URL + "/2", ["invoice.paid"])
    assert (paused["state"], again.status_code, active["state"]) == ("paused", 200, "active")
    assert (untested.status_code, tested.status_code) == (409, 202)
    assert WebhookDelivery.objects.get().event == "webhook.test"
    actions = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    assert actions == [f"webhook_endpoint.{verb}" for verb in ("create", "update", "pause", "resume", "test")]


def test_secrets_overlap_for_as_long_as_is_said(organization: Organization, owner: PersonClient) -> None:
    endpoint = made(owner, organization)

    renewed = owner.post(path(organization, endpoint["id"], "secret"), {"overlapHours": 1})
    kept = WebhookEndpoint.objects.get()
    assert kept.signing_secrets == [renewed.json()["secret"], endpoint["secret"]]
    assert kept.overlap_until is not None
    assert kept.overlap_until < clock.now() + timedelta(hours=1, seconds=1)
    assert owner.post(path(organization, endpoint["id"], "secret"), {"overlapHours": 721}).status_code == 400


def test_a_range_is_sent_again(organization: Organization, owner: PersonClient) -> None:
    endpoint = made(owner, organization, eventTypes=["invoice.finalized"])["id"]
    invoice = make.invoice(make.subscription(organization))
    outbound.invoice_changed(outbound.INVOICE_PAID, invoice)
    since = f"{clock.now() - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"

    wanted = owner.post(path(organization, endpoint, "replay"), {"since": since})
    named = owner.post(path(organization, endpoint, "replay"), {"since": since, "eventTypes": ["invoice.*"]})
    backwards = owner.post(path(organization, endpoint, "replay"), {"since": since, "until": since})

    assert (wanted.status_code, wanted.json()) == (202, {"count": 0})
    assert named.json() == {"count": 1}
    assert sorted(backwards.json()["details"]) == ["until"]
    assert owner.post(path(organization, endpoint, "replay"), {}).status_code == 400


def test_it_is_deleted(organization: Organization, owner: PersonClient) -> None:
    endpoint = made(owner, organization)["id"]

    assert owner.delete(path(organization, endpoint)).status_code == 204
    assert owner.get(path(organization, endpoint)).status_code == 404
    assert AuditEvent.objects.filter(action="webhook_endpoint.delete").count() == 1


def test_whose_it_is_not_gets_nothing(organization: Organization, owner: PersonClient, outsider: PersonClient) -> None:
    endpoint = made(owner, organization)["id"]
    member = PersonClient(make.person(organization, Role.MEMBER), organization)
    servers = make.webhook_endpoint(organization_id=organization.pk)

    assert member.get(path(organization)).status_code == 403
    assert outsider.get(path(organization, endpoint)).status_code == 404
    assert outsider.post(path(outsider.organization, endpoint, "secret"), {}).status_code == 404
    assert owner.get(path(organization, servers.pk)).status_code == 404
