"""000's path to the next tokens; tests/identity/api/account/test_auth.py holds the rules."""

from typing import Any

from identity.services import tokens
from platform_core.models import Mail
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


def test_a_token_that_was_just_spent_is_worth_nothing_in_another_browser() -> None:
    spent = tokens.issue(make.user(), organization_id=None).refresh_token

    def present(token: str, browser: str) -> Any:
        client = ApiClient(headers={"User-Agent": browser})
        client.cookies["rt"] = token
        return client.post("/auth/refresh")

    first = present(spent, "Firefox")
    assert present(spent, "Firefox").cookies["rt"].value == first.cookies["rt"].value

    stolen = present(spent, "curl/8.5")

    assert (stolen.status_code, stolen.json()["code"]) == (401, "REFRESH_REUSE")
    assert present(first.cookies["rt"].value, "Firefox").status_code == 401
    assert Mail.objects.get().template == "identity/session_ended"
