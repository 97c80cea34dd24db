"""Signing out as NextAuth's clients do it; test_callback.py has the whole way."""

from tests import make
from tests.clients import ApiClient
from tests.make.identity import PASSWORD
from tests.sign_ins import enter

SESSION, SIGNOUT = "/api/auth/session", "/api/auth/signout"


def test_it_takes_the_token_cookies_too() -> None:
    user = make.user("ada@example.test")
    browser = ApiClient()
    browser.post("/api/user/auth/login", {"email": "ada@example.test", "password": PASSWORD})
    assert browser.get(SESSION).json()["user"]["id"] == str(user.pk)

    response = browser.post(SIGNOUT)

    assert response.cookies["at"].value == response.cookies["rt"].value == ""
    assert browser.get(SESSION).json() == {}
    assert user.sessions.get().revoked_reason == "sign-out"


def test_nobody_signs_out_too(anonymous: ApiClient) -> None:
    response = anonymous.post(SIGNOUT)

    assert (response.status_code, response.json()) == (200, {})


def test_the_session_is_worth_nothing_to_whoever_kept_its_key() -> None:
    user = make.user()
    browser, thief = ApiClient(), ApiClient()
    enter(browser, user)
    thief.cookies["session"] = browser.cookies["session"].value
    assert thief.get("/auth/me").status_code == 200

    browser.post(SIGNOUT)

    assert thief.get("/auth/me").status_code == 401


def test_what_it_does_not_know_is_named(anonymous: ApiClient) -> None:
    response = anonymous.post(SIGNOUT, {"callbackUrl": "https://evil.example"})

    assert response.status_code == 400
    assert list(response.json()["details"]) == ["callbackUrl"]
