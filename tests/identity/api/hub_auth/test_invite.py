"""Looking an invitation up."""

import pytest

from identity.models import StaffInvitation
from platform_core import clock
from tests import make
from tests.clients import ApiClient
from tests.make.identity import owner

INVITE = "/api/v1/auth/invite"


def test_a_link_says_who_is_invited_and_by_whom(anonymous: ApiClient) -> None:
    invitation = make.staff_invitation(
        by=owner(first_name="Barbara", last_name="Liskov"), email="new@example.test", role="MANAGER"
    )

    response = anonymous.get(f"{INVITE}/inv_token")

    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "data": {
            "email": "new@example.test",
            "role": "MANAGER",
            "invitedBy": "Barbara Liskov",
            "expiresAt": invitation.expires_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "hasAccount": False,
        },
    }


def test_it_says_that_the_address_has_an_account(anonymous: ApiClient) -> None:
    make.user("ada@example.test")
    make.staff_invitation(email="ada@example.test")

    assert anonymous.get(f"{INVITE}/inv_token").json()["data"]["hasAccount"] is True


@pytest.mark.parametrize("state", ["expires_at", "revoked_at", "accepted_at"])
def test_whatever_is_over_is_unknown(anonymous: ApiClient, state: str) -> None:
    make.staff_invitation()
    StaffInvitation.objects.update(**{state: clock.wall()})

    over, unknown = anonymous.get(f"{INVITE}/inv_token"), anonymous.get(f"{INVITE}/inv_unknown")

    assert over.status_code == 404
    assert over.content == unknown.content


@pytest.mark.usefixtures("one_moment")
def test_guessing_ends(anonymous: ApiClient) -> None:
    answers = [anonymous.get(f"{INVITE}/inv_{number}") for number in range(31)]

    assert [answer.status_code for answer in answers] == [404] * 30 + [429]
    assert int(answers[-1]["Retry-After"]) > 0
