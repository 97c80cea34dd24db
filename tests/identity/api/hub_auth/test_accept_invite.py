"""Becoming staff by invitation."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group

from identity.models import Session, User
from platform_core.models import AuditEvent, Mail
from tests import make
from tests.clients import ApiClient
from tests.make.identity import PASSWORD
from tests.sign_ins import make_session

ACCEPT = "/api/v1/auth/accept-invite"
CONFIRMED = "user.confirm_address"


def body(**changes: Any) -> dict[str, Any]:
    return {"token": "inv_token", "password": PASSWORD, "name": "Nora Lind"} | changes


def test_a_newcomer_becomes_staff(anonymous: ApiClient) -> None:
    make.staff_invitation(email="nora@example.test", role="MANAGER")

    response = anonymous.post(ACCEPT, body())

    data = response.json()["data"]
    assert response.status_code == 201
    assert (data["email"], data["name"], data["role"]) == ("nora@example.test", "Nora Lind", "MANAGER")
    assert not response.cookies.get("session")
    assert anonymous.post(ACCEPT, body()).status_code == 404
    assert anonymous.get("/api/v1/auth/invite/inv_token").status_code == 404


def test_the_holder_of_an_account_gives_its_password(anonymous: ApiClient) -> None:
    make.user("ada@example.test")
    make.staff_invitation(email="ada@example.test")

    wrong = anonymous.post(ACCEPT, {"token": "inv_token", "password": "a wrong password"})
    assert wrong.status_code == 400
    assert not User.objects.get(email="ada@example.test").is_staff

    assert anonymous.post(ACCEPT, {"token": "inv_token", "password": PASSWORD}).status_code == 201
    assert User.objects.get(email="ada@example.test").is_staff


@pytest.mark.parametrize("confirmed", [True, False])
def test_the_holder_of_an_account_without_a_password_chooses_one(anonymous: ApiClient, confirmed: bool) -> None:
    guest = make.user("guest@example.test", password=None, confirmed=confirmed)
    # Whoever signed in by a mailed code confirmed their address by that.
    session = make_session(guest) if confirmed else None
    make.staff_invitation(email="guest@example.test")

    assert anonymous.post(ACCEPT, {"token": "inv_token", "password": PASSWORD}).status_code == 201

    guest.refresh_from_db()
    assert (guest.is_staff, guest.check_password(PASSWORD)) == (True, True)
    assert EmailAddress.objects.get(user=guest).verified
    assert session is None or Session.objects.get(pk=session.pk).revoked_reason == "password"
    actions = set(AuditEvent.objects.filter(target_id=str(guest.pk)).values_list("action", flat=True))
    assert actions == {"user.set_password", "staff.accept_invitation"} | (set() if confirmed else {CONFIRMED})
    assert list(guest.groups.values_list("name", flat=True)) == ["SUPPORT"]
    assert Mail.objects.filter(template="identity/security_notice").count() == 1


def test_whichever_groups_they_were_in_they_have_the_one_role(anonymous: ApiClient) -> None:
    guest = make.user("guest@example.test")
    guest.groups.set(Group.objects.filter(name__in=["ADMIN", "MANAGER"]))
    make.staff_invitation(email="guest@example.test")

    assert anonymous.post(ACCEPT, {"token": "inv_token", "password": PASSWORD}).status_code == 201

    assert list(guest.groups.values_list("name", flat=True)) == ["SUPPORT"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"password": "short"}, "password"),
        ({"password": None}, "password"),
        ({"role": "OWNER"}, "role"),
        ({"email": "other@example.test"}, "email"),
    ],
    ids=str,
)
def test_bad_input_names_the_field(anonymous: ApiClient, changes: dict[str, Any], field: str) -> None:
    make.staff_invitation()

    response = anonymous.post(ACCEPT, body(**changes))

    assert response.status_code == 400
    assert {detail["field"] for detail in response.json()["error"]["details"]} == {field}
    assert not User.objects.filter(is_staff=True, groups__name="SUPPORT").exists()


def test_an_unknown_token_is_a_404(anonymous: ApiClient) -> None:
    assert anonymous.post(ACCEPT, body(token="inv_unknown")).status_code == 404
