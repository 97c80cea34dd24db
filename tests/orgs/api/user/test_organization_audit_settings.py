"""For how long the audit log is kept."""

from typing import Any

import pytest

from orgs.models import Organization
from orgs.roles import Role
from platform_core.models import AuditChain, AuditEvent
from tests import make
from tests.clients import PersonClient


def path(organization: Organization) -> str:
    return f"/api/v1/organizations/{organization.pk}/audit-settings"


def test_reading_and_changing(organization: Organization, owner: PersonClient) -> None:
    chain = make.sealed_chain(organization, 2)

    before = owner.get(path(organization)).json()
    after = owner.patch(path(organization), {"retentionDays": 365, "legalHold": True}).json()

    assert before["sealedAt"].endswith("Z")
    assert before == {
        "retentionDays": None,
        "legalHold": False,
        "sequence": 2,
        "hash": chain.hash,
        "sealedAt": before["sealedAt"],
        "floorSequence": 0,
        "verifiedAt": None,
        "verifiedSequence": None,
        "problem": "",
    }
    assert after == {**before, "retentionDays": 365, "legalHold": True}
    assert AuditChain.objects.get(pk=organization.pk).retention_days == 365
    again = owner.patch(path(organization), {"retentionDays": None}).json()
    assert (again["retentionDays"], again["legalHold"]) == (None, True)
    events = AuditEvent.objects.filter(action="audit_log.configure").order_by("pk")
    assert [event.changes for event in events] == [
        {"retention_days": [None, 365], "legal_hold": [False, True]},
        {"retention_days": [365, None]},
    ]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"retentionDays": 29}, "retentionDays"),
        ({"retentionDays": 3651}, "retentionDays"),
        ({"retentionDays": "a while"}, "retentionDays"),
        ({"legalHold": None}, "legalHold"),
        ({"sequence": 7}, "sequence"),
    ],
)
def test_bad_input_names_its_field(
    organization: Organization, owner: PersonClient, given: dict[str, Any], field: str
) -> None:
    answer = owner.patch(path(organization), given)

    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])


@pytest.mark.parametrize(
    ("role", "read", "write"),
    [
        (Role.OWNER, 200, 200),
        (Role.ADMIN, 200, 200),
        (Role.MEMBER, 200, 403),
        (Role.AUDITOR, 200, 403),
        (Role.BILLING, 403, 403),
    ],
)
def test_who_may(organization: Organization, role: Role, read: int, write: int) -> None:
    client = PersonClient(make.person(organization, role), organization)

    assert client.get(path(organization)).status_code == read
    assert client.patch(path(organization), {"legalHold": True}).status_code == write


def test_strangers_learn_nothing(organization: Organization, outsider: PersonClient) -> None:
    assert outsider.get(path(organization)).status_code == 404
    assert outsider.patch(path(organization), {"legalHold": True}).status_code == 404
    assert not AuditChain.objects.filter(legal_hold=True).exists()
