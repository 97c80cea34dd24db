"""000's path to the next tokens; tests/identity/api/account/test_auth.py holds the rules."""

from identity.services import tokens
from tests import make
from tests.clients import ApiClient


def test_it_is_the_same_service(anonymous: ApiClient) -> None:
    issued = tokens.issue(make.user("ada@example.test"), organization_id=None)
    anonymous.cookies["rt"] = issued.refresh_token

    response = anonymous.post("/auth/refresh")

    assert response.status_code == 200
    assert response.json()["user"]["email"] == "ada@example.test"
    assert response.cookies["rt"].value != issued.refresh_token


def test_without_a_cookie_it_refuses(anonymous: ApiClient) -> None:
    assert anonymous.post("/auth/refresh").status_code == 401
