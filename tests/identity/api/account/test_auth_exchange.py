"""The token that a program gives a browser to trade for cookies."""

from datetime import timedelta

import pytest

from identity.models import ExchangeToken, User
from identity.services import tokens
from platform_core import clock
from platform_core.models import AuditEvent
from platform_core.tokens import digest
from tests import make
from tests.clients import ApiClient
from tests.sign_ins import enter

PATH = "/api/user/auth/exchange"


@pytest.fixture
def user() -> User:
    return make.user("ada@example.test")


@pytest.fixture
def bearer(user: User) -> ApiClient:
    return ApiClient(headers={"Authorization": f"Bearer {tokens.issue(user, organization_id=None).access_token}"})


def test_a_bearer_gets_one_that_lives_a_minute_and_is_kept_as_a_digest(bearer: ApiClient, user: User) -> None:
    response = bearer.post(PATH)

    assert response.status_code == 201
    assert response.json()["expiresIn"] == 60
    row = ExchangeToken.objects.get()
    assert row.token_digest == digest(response.json()["token"])
    assert row.session == user.sessions.get()
    assert timedelta(seconds=50) < row.expires_at - clock.wall() <= timedelta(seconds=60)
    assert AuditEvent.objects.latest("created_at").action == "session.hand_on"
    assert str(row).startswith(f"{row.session_id} until ")


def test_it_is_no_access_token(bearer: ApiClient) -> None:
    token = bearer.post(PATH).json()["token"]

    assert ApiClient(headers={"Authorization": f"Bearer {token}"}).get("/auth/me").status_code == 401


def test_whoever_has_cookies_gets_none(user: User) -> None:
    browser = ApiClient()
    enter(browser, user)

    assert browser.post(PATH).status_code == 403
    assert not ExchangeToken.objects.exists()


def test_a_body_is_refused(bearer: ApiClient) -> None:
    # Nothing in it would be read; the strict parser leaves an empty one alone.
    assert bearer.post(PATH, {}).status_code == 201
