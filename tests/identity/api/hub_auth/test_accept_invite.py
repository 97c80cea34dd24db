"""Becoming staff by invitation."""

from typing import Any

import pytest

from identity.models import User
from tests import make
from tests.clients import ApiClient
from tests.make.identity import PASSWORD

ACCEPT = "/api/v1/auth/accept-invite"


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
