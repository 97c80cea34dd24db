"""The first operator over the API."""

from typing import Any

import pytest

from identity.models import User
from tests import make
from tests.clients import ApiClient
from tests.make.identity import PASSWORD

SETUP = "/api/v1/setup"


def operator(**changes: Any) -> dict[str, Any]:
    return {"email": "boss@example.test", "password": PASSWORD, "name": "Barbara Liskov"} | changes


def test_whoever_comes_first_owns_the_platform(anonymous: ApiClient) -> None:
    response = anonymous.post(SETUP, operator())

    body = response.json()
    assert response.status_code == 201
    assert body["success"] is True
    assert (body["data"]["email"], body["data"]["isStaff"]) == ("boss@example.test", True)
    assert "password" not in str(body).lower()
    login = anonymous.post("/api/user/auth/login", {"email": "boss@example.test", "password": PASSWORD})
    assert login.status_code == 200


@pytest.mark.parametrize("body", [operator(email="second@example.test"), {}, {"role": "OWNER"}], ids=str)
def test_everybody_after_that_gets_a_conflict_whatever_they_send(anonymous: ApiClient, body: dict[str, Any]) -> None:
    anonymous.post(SETUP, operator())

    response = anonymous.post(SETUP, body)

    assert response.status_code == 409
    assert response.json()["error"]["code"] == "CONFLICT"
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"email": "nobody"}, "email"), ({"password": "short"}, "password"), ({"isSuperuser": True}, "isSuperuser")],
    ids=str,
)
def test_bad_input_names_the_field(anonymous: ApiClient, changes: dict[str, Any], field: str) -> None:
    response = anonymous.post(SETUP, operator(**changes))

    assert response.status_code == 400
    assert {detail["field"] for detail in response.json()["error"]["details"]} == {field}
    assert not User.objects.exists()


def test_a_customers_address_does_not_become_an_operator(anonymous: ApiClient) -> None:
    make.user("boss@example.test")

    assert anonymous.post(SETUP, operator()).status_code == 409
    assert not User.objects.filter(is_staff=True).exists()
