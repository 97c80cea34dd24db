"""Inviting people to be staff, over the API."""

from typing import Any

import pytest

from identity.models import StaffInvitation
from platform_core.models import Mail
from tests import clients
from tests.clients import PersonClient
from tests.sign_ins import step_up

STAFF = "/api/v1/admin/staff"


@pytest.fixture
def boss() -> PersonClient:
    client = clients.staff_in("OWNER", email="boss@mainstay.test")
    step_up(client.user, "staff.change_role")
    return client


def test_inviting_mails_a_link_and_shows_it_to_nobody(boss: PersonClient) -> None:
    response = boss.post(f"{STAFF}/invite", {"email": "New@example.test", "role": "MANAGER"})

    data = response.json()["data"]
    assert response.status_code == 201
    assert (data["email"], data["role"], data["status"], data["invitedBy"]) == (
        "new@example.test", "MANAGER", "pending", "boss@mainstay.test"
    )  # fmt: skip
    assert "inv_" in Mail.objects.get().text
    assert "inv_" not in response.content.decode()
    assert boss.post(f"{STAFF}/invite", {"email": "new@example.test", "role": "MANAGER"}).status_code == 409


@pytest.mark.parametrize("role", ["ADMIN", "MANAGER", "SUPPORT"])
def test_only_owners_invite(role: str) -> None:
    response = clients.staff_in(role).post(f"{STAFF}/invite", {"email": "new@example.test", "role": "OWNER"})

    assert response.status_code == 403
    assert not StaffInvitation.objects.exists()


def test_never_above_the_inviters_role() -> None:
    other = clients.staff("identity.manage_staff")
    step_up(other.user, "staff.change_role")

    response = other.post(f"{STAFF}/invite", {"email": "new@example.test", "role": "OWNER"})

    assert (response.status_code, response.json()["error"]["code"]) == (403, "FORBIDDEN")
    assert not StaffInvitation.objects.exists()


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"email", "role"}),
        ({"email": "nobody", "role": "SUPPORT"}, {"email"}),
        ({"email": "a@b.test", "role": "KING"}, {"role"}),
        ({"email": "a@b.test", "role": "SUPPORT", "expiresAt": "2099-01-01T00:00:00Z"}, {"expiresAt"}),
    ],
    ids=["empty", "address", "role", "unknown"],
)
def test_bad_input_names_the_fields(boss: PersonClient, body: dict[str, Any], fields: set[str]) -> None:
    response = boss.post(f"{STAFF}/invite", body)

    assert response.status_code == 400
    assert {detail["field"] for detail in response.json()["error"]["details"]} == fields
