"""Trading the single-use token for cookies: once, by one of our own pages, and as nobody else."""

from datetime import timedelta
from typing import Any

import pytest

from identity.models import ExchangeToken, Session, User
from identity.services import exchange, sessions, tokens
from identity.services.tokens import IssuedTokens
from platform_core import clock
from tests import make
from tests.clients import ApiClient

PATH = "/auth/set-cookie"
CSRF = "t" * 32
OURS = {"Origin": "http://127.0.0.1:8000", "X-CSRFToken": CSRF}


@pytest.fixture
def user() -> User:
    return make.user("ada@example.test")


@pytest.fixture
def issued(user: User) -> IssuedTokens:
    return tokens.issue(user, organization_id=None, methods=["pwd", "otp"], two_factor=True)


@pytest.fixture
def browser() -> ApiClient:
    client = ApiClient(enforce_csrf_checks=True)
    client.cookies["csrf"] = CSRF
    return client


def trade(browser: ApiClient, token: str, headers: dict[str, str] | None = None, **options: Any) -> Any:
    return browser.post(PATH, {"token": token}, headers=OURS if headers is None else headers, **options)


def test_the_browser_gets_a_sign_in_of_its_own(browser: ApiClient, issued: IssuedTokens) -> None:
    response = trade(browser, exchange.issue(issued.session))

    assert (response.status_code, response.content) == (204, b"")
    for name, same_site in (("at", "Lax"), ("rt", "Strict")):
        cookie = response.cookies[name]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, same_site, "/")
    assert response.cookies["rt"].value != issued.refresh_token
    assert browser.get("/auth/me").json()["email"] == "ada@example.test"
    own = Session.objects.exclude(pk=issued.session.pk).get()
    assert (own.methods, own.two_factor_at) == (["otp", "pwd"], issued.session.two_factor_at)
    assert own.absolute_expires_at == issued.session.absolute_expires_at
    # A CSRF token that was planted before is worth nothing afterwards.
    assert response.cookies["csrf"].value != CSRF


def test_it_works_once(browser: ApiClient, issued: IssuedTokens) -> None:
    token = exchange.issue(issued.session)
    assert trade(browser, token).status_code == 204

    again = ApiClient()
    response = trade(again, token)

    assert (response.status_code, response.json()["code"]) == (401, "UNAUTHORIZED")
    assert "at" not in again.cookies


def test_it_works_for_a_minute(browser: ApiClient, issued: IssuedTokens) -> None:
    token = exchange.issue(issued.session)
    ExchangeToken.objects.update(expires_at=clock.wall() - timedelta(seconds=1))

    assert trade(browser, token).status_code == 401


def test_it_dies_with_the_sign_in_that_gave_it(browser: ApiClient, issued: IssuedTokens) -> None:
    token = exchange.issue(issued.session)
    sessions.end(issued.session)

    assert trade(browser, token).status_code == 401


@pytest.mark.parametrize("kind", ["access", "refresh", "made up"])
def test_nothing_else_is_taken(browser: ApiClient, issued: IssuedTokens, kind: str) -> None:
    token = {"access": issued.access_token[:100], "refresh": issued.refresh_token, "made up": "xt_x"}[kind]

    assert trade(browser, token).status_code == 401
    assert Session.objects.count() == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-CSRFToken": CSRF},
        {"Origin": "http://127.0.0.1:8000"},
        {"Origin": "http://127.0.0.1:8000", "X-CSRFToken": "f" * 32},
        {"Origin": "https://evil.example", "X-CSRFToken": CSRF},
        {"Origin": "null", "X-CSRFToken": CSRF},
        {"Origin": "http://127.0.0.1:8000.evil.example", "X-CSRFToken": CSRF},
        {**OURS, "Sec-Fetch-Site": "cross-site"},
        {**OURS, "Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_no_other_site_signs_a_victim_in(browser: ApiClient, issued: IssuedTokens, headers: dict[str, str]) -> None:
    token = exchange.issue(issued.session)

    assert trade(browser, token, headers).status_code == 403

    assert "at" not in browser.cookies
    assert ExchangeToken.objects.get().used_at is None


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_elsewhere_cannot_send_it(browser: ApiClient, issued: IssuedTokens, content_type: str) -> None:
    body = f'{{"token": "{exchange.issue(issued.session)}"}}'

    response = browser.post(PATH, body, content_type=content_type, headers=OURS)

    assert response.status_code == 415
    assert ExchangeToken.objects.get().used_at is None


@pytest.mark.parametrize("body", [{}, {"token": ""}, {"token": "x" * 101}, {"token": "x", "more": 1}], ids=str)
def test_bad_bodies_are_named(browser: ApiClient, body: dict[str, Any]) -> None:
    assert browser.post(PATH, body, headers=OURS).status_code == 400
