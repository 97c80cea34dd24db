"""Staff signing in and out with tokens."""

from typing import Any

import pytest

from identity.models import Session
from tests import make
from tests.clients import ApiClient, staff
from tests.make.identity import PASSWORD

LOGIN, LOGOUT = "/api/admin/auth/login", "/api/admin/auth/logout"


def login(client: ApiClient, email: str, password: str = PASSWORD) -> Any:
    return client.post(LOGIN, {"email": email, "password": password})


def test_staff_sign_in_and_may_do_nothing_before_their_second_factor(anonymous: ApiClient) -> None:
    make.user("root@example.test", is_staff=True, is_superuser=True)

    answer = login(anonymous, "root@example.test")

    assert answer.status_code == 200
    bearer = ApiClient(headers={"Authorization": f"Bearer {answer.json()['accessToken']}"})
    refused = bearer.get("/api/admin/users")
    assert (refused.status_code, refused.json()["code"]) == (403, "MFA_ENROLLMENT_REQUIRED")


def test_everybody_else_has_a_wrong_password(anonymous: ApiClient) -> None:
    make.user("customer@example.test")
    make.user("former@example.test", is_staff=True, status="suspended")
    make.user("root@example.test", is_staff=True)

    answers = [
        login(anonymous, "customer@example.test"),
        login(anonymous, "former@example.test"),
        login(anonymous, "nobody@example.test"),
        login(anonymous, "root@example.test", "wrong password"),
    ]

    assert {(answer.status_code, answer.content) for answer in answers} == {(401, answers[0].content)}
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    "body", [{}, {"email": "x", "password": "y"}, {"email": "a@b.test", "password": "x", "otp": 1}]
)
def test_bad_input_is_refused(anonymous: ApiClient, body: dict[str, Any]) -> None:
    assert anonymous.post(LOGIN, body).status_code == 400


def test_signing_out_ends_the_sign_in() -> None:
    client = staff()

    assert client.post(LOGOUT, {}).status_code == 204
    assert Session.objects.get(kind="pages").revoked_at is not None
    assert client.post(LOGOUT, {}).status_code == 401
