"""Where the audit log is sent, through the API."""

from typing import Any

import pytest

from orgs.models import Organization
from orgs.roles import Role
from platform_core.models import AuditEvent, AuditStream
from tests import make
from tests.clients import PersonClient

URL = "https://siem.example.com/events"


def path(organization: Organization, *rest: object) -> str:
    return "/".join([f"/api/v1/organizations/{organization.pk}/audit-streams", *map(str, rest)])


def test_a_secret_is_shown_once_and_an_authorization_never(organization: Organization, owner: PersonClient) -> None:
    made = owner.post(path(organization), {"url": URL, "authorization": "Bearer hunter2", "fromBeginning": True})

    stream = AuditStream.objects.get()
    body = made.json()
    assert made.status_code == 201
    secret = body.pop("secret")
    assert secret == stream.endpoint.secrets
    assert body == {
        "id": str(stream.pk),
        "url": URL,
        "hasAuthorization": True,
        "status": "active",
        "cursorSequence": 0,
        "deliveredAt": None,
        "failureCount": 0,
        "error": "",
        "testedAt": None,
        "testError": "",
        "createdAt": body["createdAt"],
    }
    read = [owner.get(path(organization)), owner.get(path(organization, stream.pk))]
    assert read[0].json()["items"] == [body]
    assert read[1].json() == body
    assert [word for answer in read for word in (secret, "hunter2") if word in answer.content.decode()] == []


def test_changing_testing_and_deleting(organization: Organization, owner: PersonClient) -> None:
    stream = make.audit_stream(organization, URL, authorization="Bearer hunter2")

    changed = owner.patch(path(organization, stream.pk), {"url": URL + "/2", "authorization": ""}).json()
    paused = owner.patch(path(organization, stream.pk), {"status": "paused"}).json()
    refused = owner.post(path(organization, stream.pk, "test"))
    owner.patch(path(organization, stream.pk), {"status": "active"})
    tested = owner.post(path(organization, stream.pk, "test"))
    secret = owner.post(path(organization, stream.pk, "secret")).json()

    assert (changed["url"], changed["hasAuthorization"]) == (URL + "/2", False)
    assert (paused["status"], refused.status_code, tested.status_code) == ("paused", 409, 202)
    stream.refresh_from_db()
    assert stream.test_requested_at is not None
    assert stream.endpoint.secrets.split()[0] == secret["secret"]
    assert owner.delete(path(organization, stream.pk)).status_code == 204
    assert owner.get(path(organization, stream.pk)).status_code == 404
    told = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
    updates = ["audit_stream.update"] * 3
    assert list(told) == [*updates, "audit_stream.test", "audit_stream.update", "audit_stream.delete"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "url"),
        ({"url": "http://siem.example.com/"}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": "https://169.254.169.254/"}, "url"),
        ({"url": "no address"}, "url"),
        ({"url": URL, "authorization": "a\r\nX-Evil: 1"}, "authorization"),
        ({"url": URL, "authorization": "é"}, "authorization"),
        ({"url": URL, "secret": "mine"}, "secret"),
    ],
)
def test_bad_input_names_its_field(
    organization: Organization, owner: PersonClient, given: dict[str, Any], field: str
) -> None:
    answer = owner.post(path(organization), given)

    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])
    assert not AuditStream.objects.exists()


def test_nobody_makes_a_stream_fail(organization: Organization, owner: PersonClient) -> None:
    stream = make.audit_stream(organization)

    answer = owner.patch(path(organization, stream.pk), {"status": "failed"})

    assert (answer.status_code, list(answer.json()["details"])) == (400, ["status"])


@pytest.mark.parametrize("role", [Role.MEMBER, Role.AUDITOR, Role.BILLING])
def test_only_whoever_manages_the_log_changes_streams(organization: Organization, role: Role) -> None:
    client = PersonClient(make.person(organization, role), organization)
    stream = make.audit_stream(organization)

    answers = [
        client.post(path(organization), {"url": URL}),
        client.patch(path(organization, stream.pk), {"status": "paused"}),
        client.delete(path(organization, stream.pk)),
        client.post(path(organization, stream.pk, "test")),
        client.post(path(organization, stream.pk, "secret")),
    ]

    assert [answer.status_code for answer in answers] == [403] * 5
    assert set(AuditEvent.objects.values_list("action", flat=True)) == {"access.denied"}
    assert client.get(path(organization)).status_code == (403 if role == Role.BILLING else 200)


def test_a_stream_of_another_organization_does_not_exist(organization: Organization, outsider: PersonClient) -> None:
    stream = make.audit_stream(organization)

    for owner_of in (organization, outsider.organization):
        assert outsider.get(path(owner_of, stream.pk)).status_code == 404
        assert outsider.delete(path(owner_of, stream.pk)).status_code == 404
        assert outsider.post(path(owner_of, stream.pk, "secret")).status_code == 404
    assert AuditStream.objects.filter(pk=stream.pk).exists()
