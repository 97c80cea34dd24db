"""Invitations to be staff, over the API."""

import pytest

from platform_core import clock
from platform_core.models import Mail
from tests import clients, make
from tests.clients import PersonClient
from tests.sign_ins import step_up

STAFF = "/api/v1/admin/staff"
INVITATIONS = f"{STAFF}/invitations"


@pytest.fixture
def boss() -> PersonClient:
    client = clients.staff_in("OWNER", email="boss@mainstay.test")
    step_up(client.user, "staff.change_role")
    return client


def test_the_list_has_those_nobody_accepted(boss: PersonClient) -> None:
    now = clock.wall()
    make.staff_invitation("inv_1", by=boss.user, email="one@example.test")
    make.staff_invitation("inv_2", by=boss.user, email="two@example.test", expires_at=now)
    make.staff_invitation("inv_3", by=boss.user, accepted_at=now)
    make.staff_invitation("inv_4", by=boss.user, revoked_at=now)

    rows = boss.get(INVITATIONS).json()["data"]

    assert [(row["email"], row["status"]) for row in rows] == [
        ("two@example.test", "expired"),
        ("one@example.test", "pending"),
    ]


def test_it_can_be_sent_again_and_taken_back(boss: PersonClient) -> None:
    invitation = make.staff_invitation(by=boss.user, expires_at=clock.wall())

    again = boss.post(f"{INVITATIONS}/{invitation.pk}/resend", {})
    assert (again.status_code, again.json()["data"]["status"]) == (200, "pending")
    assert Mail.objects.get().to == invitation.email

    assert boss.delete(f"{INVITATIONS}/{invitation.pk}").status_code == 204
    assert boss.delete(f"{INVITATIONS}/{invitation.pk}").status_code == 404
    assert boss.post(f"{INVITATIONS}/{invitation.pk}/resend", {}).status_code == 404


def test_sending_again_takes_no_body(boss: PersonClient) -> None:
    invitation = make.staff_invitation(by=boss.user)

    assert boss.post(f"{INVITATIONS}/{invitation.pk}/resend", {"role": "OWNER"}).status_code == 400


def test_a_proof_that_is_still_they_comes_first() -> None:
    boss, invitation = clients.staff_in("OWNER"), make.staff_invitation()
    step_up(boss.user, "console.enter")

    for answer in (
        boss.post(f"{INVITATIONS}/{invitation.pk}/resend", {}),
        boss.delete(f"{INVITATIONS}/{invitation.pk}"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "STEP_UP_REQUIRED")
    invitation.refresh_from_db()
    assert (invitation.state, Mail.objects.exists()) == ("pending", False)
