"""Taking the audit log along, through the API."""

import csv
import io
import json
from typing import Any
from uuid import uuid4

import pytest

from orgs.models import Membership, Organization
from orgs.roles import Role
from platform_core import clock, worker
from platform_core.models import AuditEvent, AuditExport
from tests import make
from tests.clients import ApiClient, PersonClient


def path(organization: Organization, *rest: object) -> str:
    return "/".join([f"/api/v1/organizations/{organization.pk}/audit-exports", *map(str, rest)])


def exported(client: PersonClient, organization: Organization, **asked: Any) -> dict[str, Any]:
    answer = client.post(path(organization), asked)
    assert answer.status_code == 202, answer.content
    assert answer.json()["status"] == "pending"
    while worker.round("test"):
        pass
    body: dict[str, Any] = client.get(path(organization, answer.json()["id"])).json()
    return body


def fetched(client: ApiClient, link: str) -> Any:
    return client.get(link.removeprefix("http://127.0.0.1:8000"))


def body_of(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode()


def test_a_file_from_the_question_to_the_last_byte(
    organization: Organization, owner: PersonClient, anonymous: ApiClient
) -> None:
    make.sealed_chain(organization, 3)
    make.audit_event(organization, "thing.named", changes={"name": "=cmd|' /C calc'!A0"})

    body = exported(owner, organization, format="csv", action="thing.*")
    answer = owner.get(path(organization, body["id"], "download"))

    assert (body["status"], body["percent"], body["doneCount"], body["totalCount"]) == ("ready", 100, 4, 4)
    assert body["filters"] == {"action": "thing.*"}
    assert (answer.status_code, set(answer.json())) == (200, {"url", "expiresAt"})
    # The link is all it takes: no credential goes with it.
    file = fetched(anonymous, answer.json()["url"])
    assert file.status_code == 200
    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert file.headers["Content-Disposition"].startswith('attachment; filename="audit-log-')
    assert "no-store" in file.headers["Cache-Control"]
    rows = list(csv.DictReader(io.StringIO(body_of(file))))
    assert [row["action"] for row in rows] == ["thing.number_0", "thing.number_1", "thing.number_2", "thing.named"]
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())
    taken = AuditEvent.objects.get(action="audit_log.download")
    assert (taken.actor_id, taken.organization_id) == (str(owner.user.pk), organization.pk)
    asked = AuditEvent.objects.get(action="audit_log.export")
    assert asked.changes == {"format": "csv", "filters": {"action": "thing.*"}}


def test_json_lines(organization: Organization, owner: PersonClient) -> None:
    make.sealed_chain(organization, 2)

    body = exported(owner, organization, format="jsonl", since="2026-01-01T00:00:00Z")
    file = fetched(owner, owner.get(path(organization, body["id"], "download")).json()["url"])

    assert file.headers["Content-Type"] == "application/x-ndjson"
    assert [json.loads(line)["sequence"] for line in body_of(file).splitlines()] == [1, 2]
    assert owner.get(path(organization)).json()["items"] == [body]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "format"),
        ({"format": "xlsx"}, "format"),
        ({"format": "csv", "since": "soon"}, "since"),
        ({"format": "csv", "organization": str(uuid4())}, "organization"),
    ],
)
def test_bad_input_names_its_field(
    organization: Organization, owner: PersonClient, asked: dict[str, Any], field: str
) -> None:
    answer = owner.post(path(organization), asked)

    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])
    assert not AuditExport.objects.exists()


def test_what_is_not_ready_has_no_link(organization: Organization, owner: PersonClient) -> None:
    pending = owner.post(path(organization), {"format": "csv"}).json()

    assert owner.get(path(organization, pending["id"], "download")).status_code == 409
    expired = make.audit_export(organization, status="expired")
    assert owner.get(path(organization, expired.pk, "download")).status_code == 410


def test_whoever_may_not_read_the_log_may_not_take_it_along(organization: Organization) -> None:
    billing = PersonClient(make.person(organization, Role.BILLING), organization)
    export = make.audit_export(organization)

    assert billing.post(path(organization), {"format": "csv"}).status_code == 403
    for address in (path(organization), path(organization, export.pk), path(organization, export.pk, "download")):
        assert billing.get(address).status_code == 403


def test_an_export_of_another_organization_does_not_exist(organization: Organization, outsider: PersonClient) -> None:
    export = make.audit_export(organization)

    for address in (path(organization, export.pk), path(outsider.organization, export.pk, "download")):
        assert outsider.get(address).status_code == 404


def test_a_link_is_worth_nothing_once_its_person_may_not_read_the_log(
    organization: Organization, owner: PersonClient, member: PersonClient, anonymous: ApiClient
) -> None:
    export = make.audit_export(organization)
    url = member.get(path(organization, export.pk, "download")).json()["url"]
    assert fetched(anonymous, url).status_code == 200

    Membership.ALL.filter(user=member.user).update(role=Role.BILLING)
    assert fetched(anonymous, url).status_code == 404
    Membership.ALL.filter(user=member.user).delete()
    assert fetched(anonymous, url).status_code == 404


def test_a_link_that_was_altered_or_is_old(
    organization: Organization, owner: PersonClient, anonymous: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = make.audit_export(organization)
    url = owner.get(path(organization, export.pk, "download")).json()["url"]

    assert fetched(anonymous, url + "x").status_code == 404
    wall = clock.wall()
    monkeypatch.setattr(clock, "wall", lambda: wall.replace(year=wall.year + 1))
    assert fetched(anonymous, url).status_code == 410
    assert not AuditEvent.objects.filter(action="audit_log.download").exists()
