"""`GET /api/v1/organizations/{id}/report-kinds`."""

from orgs.roles import Role
from tests import make
from tests.clients import ApiClient, PersonClient
from tests.orgs.reading import path


def test_a_role_is_offered_what_it_may_read(owner: PersonClient) -> None:
    auditor = PersonClient(make.person(owner.organization, Role.BILLING), owner.organization)

    everything = owner.get(path(owner, "report-kinds")).json()

    assert [each["code"] for each in everything["items"]] == [
        "members",
        "audit_activity",
        "checks",
        "usage",
        "billing",
        "recurring_charges",
    ]
    assert everything["meta"] == {"page": 1, "pageSize": 25, "total": 6}
    assert everything["items"][0] == {
        "code": "members",
        "title": "Members and roles",
        "description": "Who belongs to the organization, and as what, now.",
        "isDated": False,
    }
    assert "audit_activity" not in {each["code"] for each in auditor.get(path(auditor, "report-kinds")).json()["items"]}


def test_strangers_and_nobody_are_refused(owner: PersonClient, outsider: PersonClient, anonymous: ApiClient) -> None:
    assert outsider.get(path(owner, "report-kinds")).status_code == 404
    assert anonymous.get(path(owner, "report-kinds")).status_code == 401
