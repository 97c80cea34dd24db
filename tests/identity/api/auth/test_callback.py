"""Signing in and out of the pages as NextAuth's clients do it."""

from typing import Any

import pytest

from identity.models import Session, User
from identity.services import recovery_codes
from platform_core.models import AuditEvent
from tests import authenticators, make
from tests.clients import ApiClient
from tests.make.identity import PASSWORD

CSRF, CALLBACK, SESSION, SIGNOUT = (
    f"/api/auth/{name}" for name in ("csrf", "callback/credentials", "session", "signout")
)


@pytest.fixture
def user() -> User:
    return make.user("ada@example.test", first_name="Ada")


@pytest.fixture
def browser() -> ApiClient:
    return ApiClient(enforce_csrf_checks=True)


def sign_in(browser: ApiClient, password: str = PASSWORD, **more: Any) -> Any:
    token = browser.get(CSRF).json()["csrfToken"]
    return browser.post(CALLBACK, {"email": "ada@example.test", "password": password, "csrfToken": token, **more})


def test_from_nobody_to_signed_out(browser: ApiClient, user: User) -> None:
    assert browser.get(SESSION).json() == {}

    signed_in = sign_in(browser)

    assert signed_in.status_code == 200
    assert signed_in.json() == browser.get(SESSION).json()
    assert signed_in.json()["user"]["email"] == "ada@example.test"
    row = Session.objects.get()
    assert (row.kind, row.methods, row.two_factor_at) == ("pages", ["pwd"], None)
    assert signed_in.json()["expires"] == row.idle_expires_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert browser.get("/auth/me").status_code == 200

    token = browser.get(CSRF).json()["csrfToken"]
    signed_out = browser.post(SIGNOUT, {"csrfToken": token})

    assert (signed_out.status_code, signed_out.json()) == (200, {})
    assert browser.get(SESSION).json() == {}
    row.refresh_from_db()
    assert row.revoked_reason == "sign-out"
    assert list(AuditEvent.objects.order_by("created_at").values_list("action", flat=True)) == [
        "session.start",
        "session.end",
    ]


def test_signing_in_gives_the_browser_another_key(browser: ApiClient, user: User) -> None:
    """A session that somebody planted is not the one that is signed in (fixation)."""
    sign_in(browser)
    planted = browser.cookies["session"].value
    csrf = browser.cookies["csrf"].value

    sign_in(browser)

    assert browser.cookies["session"].value != planted
    assert browser.cookies["csrf"].value != csrf
    victim = ApiClient()
    victim.cookies["session"] = planted
    assert victim.get("/auth/me").status_code == 401
    assert sorted(Session.objects.values_list("revoked_reason", flat=True)) == ["", "replaced"]


def test_the_header_is_as_good_as_the_field(browser: ApiClient, user: User) -> None:
    token = browser.get(CSRF).json()["csrfToken"]

    response = browser.post(
        CALLBACK, {"email": "ada@example.test", "password": PASSWORD}, headers={"X-CSRFToken": token}
    )

    assert response.status_code == 200


@pytest.mark.parametrize("path", [CALLBACK, SIGNOUT])
@pytest.mark.parametrize(
    ("field", "headers"),
    [
        (None, {}),
        ("f" * 32, {}),
        (7, {}),
        ("real", {"Origin": "https://evil.example"}),
        ("real", {"Origin": "null"}),
        ("real", {"Sec-Fetch-Site": "same-site"}),
    ],
    ids=str,
)
def test_another_site_neither_signs_in_nor_out(
    browser: ApiClient, user: User, path: str, field: object, headers: dict[str, str]
) -> None:
    token = browser.get(CSRF).json()["csrfToken"]
    body = {"email": "ada@example.test", "password": PASSWORD} if path == CALLBACK else {}
    if field is not None:
        body["csrfToken"] = token if field == "real" else field  # type: ignore[assignment]

    assert browser.post(path, body, headers=headers).status_code == 403
    assert not Session.objects.exists()


@pytest.mark.parametrize("password", ["wrong", "wrong " * 9], ids=str)
def test_a_wrong_password_is_the_same_401_as_everywhere(browser: ApiClient, user: User, password: str) -> None:
    here = sign_in(browser, password)
    there = ApiClient().post("/api/user/auth/login", {"email": "ada@example.test", "password": password})

    assert (here.status_code, here.json()) == (there.status_code, there.json())
    assert here.status_code == 401
    assert browser.get(SESSION).json() == {}


def test_unknown_fields_are_named(browser: ApiClient, user: User) -> None:
    response = sign_in(browser, redirect=False)

    assert response.status_code == 400
    assert list(response.json()["details"]) == ["redirect"]


def test_a_second_factor_completes_it_in_the_form_in_which_it_began(browser: ApiClient, user: User) -> None:
    secret = authenticators.app_of(user)

    begun = sign_in(browser)

    assert (begun.status_code, begun.json()["requires2FA"]) == (200, True)
    pending = begun.json()["pendingToken"]
    assert browser.get(SESSION).json() == {}
    assert ApiClient(headers={"Authorization": f"Bearer {pending}"}).get("/auth/me").status_code == 401
    completed = ApiClient()
    body = {"token": pending, "code": authenticators.code(secret)}
    assert completed.post("/api/v1/auth/2fa/verify", body).status_code == 200
    assert completed.get(SESSION).json()["user"]["id"] == str(user.pk)
    row = Session.objects.get()
    assert (row.kind, row.methods) == ("pages", ["otp", "pwd"])
    assert row.two_factor_at is not None


def test_a_recovery_code_completes_it_too(browser: ApiClient, user: User) -> None:
    authenticators.app_of(user)
    [code, *_] = recovery_codes.generate(user, by=user)
    pending = sign_in(browser).json()["pendingToken"]

    completed = ApiClient()
    assert completed.post("/api/v1/auth/2fa/verify", {"token": pending, "code": code}).status_code == 200

    assert completed.get(SESSION).json()["user"]["id"] == str(user.pk)
    assert Session.objects.get().methods == ["pwd", "rc"]
    user.refresh_from_db()
    assert (recovery_codes.left(user), user.last_login is None) == (9, False)
