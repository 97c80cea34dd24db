"""`/api/v1/organizations/{id}/reports`."""

from typing import Any
from uuid import uuid4

import pytest

from orgs.models import Report
from orgs.roles import Role
from platform_core.models import AuditEvent, Job
from tests import make
from tests.clients import ApiClient, PersonClient
from tests.clocks import at
from tests.identity.jobs import work
from tests.orgs.reading import NOON, generated, path


def test_a_report_is_made_in_the_background(owner: PersonClient) -> None:
    with at(NOON):
        answer = owner.post(path(owner, "reports/generate"), {"kind": "audit_activity"})

        assert answer.status_code == 202
        told = answer.json()
        assert (told["status"], told["progress"], told["kind"], told["format"]) == (
            "pending",
            0,
            "audit_activity",
            "pdf",
        )
        assert (told["startsOn"], told["endsOn"]) == ("2026-02-08", "2026-03-09")
        assert owner.get(path(owner, "reports", told["id"], "download")).json()["code"] == "REPORT_NOT_READY"

        work()

    told = owner.get(path(owner, "reports", told["id"])).json()
    assert (told["status"], told["progress"]) == ("ready", 100)
    assert told["size"] > 1000
    assert told["expiresAt"].startswith("2026-06-08")
    link = owner.get(path(owner, "reports", told["id"], "download"))
    assert (link.status_code, set(link.json())) == (200, {"url", "expiresAt"})
    assert [each["id"] for each in owner.get(path(owner, "reports")).json()["items"]] == [told["id"]]
    event = AuditEvent.objects.get(action="report.generate")
    assert event.changes == {"kind": "audit_activity", "starts_on": "2026-02-08", "ends_on": "2026-03-09"}


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({}, "kind"),
        ({"kind": "salaries"}, "kind"),
        ({"kind": "members", "format": "docx"}, "format"),
        ({"kind": "members", "startsOn": "2026-13-01"}, "startsOn"),
        ({"kind": "members", "startsOn": "2026-03-02", "endsOn": "2026-03-01"}, "startsOn"),
        ({"kind": "members", "endsOn": "2026-03-11"}, "endsOn"),
        ({"kind": "members", "startsOn": "2025-03-01", "endsOn": "2026-03-09"}, "startsOn"),
        ({"kind": "members", "endsOn": "0001-01-01"}, "endsOn"),
        ({"kind": "members", "organizationId": str(uuid4())}, "organizationId"),
    ],
)
def test_what_cannot_be_made_is_refused(owner: PersonClient, wanted: dict[str, Any], field: str) -> None:
    with at(NOON):
        answer = owner.post(path(owner, "reports/generate"), wanted)

    assert answer.status_code == 400
    assert field in str(answer.json())
    assert not Report.objects.exists()
    assert not Job.objects.exists()


def test_a_role_reads_what_it_may_and_no_more(owner: PersonClient) -> None:
    biller = PersonClient(make.person(owner.organization, Role.BILLING), owner.organization)
    generated(owner, kind="audit_activity")

    answer = biller.post(path(biller, "reports/generate"), {"kind": "audit_activity"})

    assert answer.status_code == 403
    assert biller.get(path(biller, "reports")).json()["items"] == []
    report = Report.objects.get()
    assert biller.get(path(biller, "reports", report.pk)).status_code == 404
    assert biller.get(path(biller, "reports", report.pk, "download")).status_code == 404
    codes = [each["code"] for each in biller.get(path(biller, "report-kinds")).json()["items"]]
    assert "audit_activity" not in codes
    assert "billing" in codes


def test_so_many_at_once_and_no_more(owner: PersonClient) -> None:
    answers = [owner.post(path(owner, "reports/generate"), {"kind": "members"}).status_code for _ in range(6)]

    assert answers == [202] * 5 + [409]
    work()
    assert owner.post(path(owner, "reports/generate"), {"kind": "members"}).status_code == 202


def test_another_organizations_report_is_not_there(owner: PersonClient, outsider: PersonClient) -> None:
    report = generated(owner, kind="members")

    for rest in ([report.pk], [report.pk, "download"]):
        theirs = outsider.get(path(outsider, "reports", *rest))
        unknown = outsider.get(path(outsider, "reports", uuid4(), *rest[1:]))
        assert theirs.status_code == unknown.status_code == 404
        assert theirs.content == unknown.content
    assert outsider.post(path(owner, "reports/generate"), {"kind": "members"}).status_code == 404
    assert outsider.get(path(owner, "reports")).status_code == 404


def test_nobody_is_asked_for_a_credential(owner: PersonClient, anonymous: ApiClient) -> None:
    assert anonymous.post(path(owner, "reports/generate"), {"kind": "members"}).status_code == 401
