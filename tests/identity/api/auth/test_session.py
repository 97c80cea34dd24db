"""Who is signed in, whatever carries it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from identity.models import Session, User
from identity.services import tokens
from platform_core import clock
from tests import make
from tests.clients import ApiClient
from tests.sign_ins import enter

PATH = "/api/auth/session"


def with_pages(user: User) -> ApiClient:
    client = ApiClient()
    enter(client, user)
    return client


def with_cookie(user: User) -> ApiClient:
    client = ApiClient()
    client.cookies["at"] = tokens.issue(user, organization_id=None).access_token
    return client


def with_bearer(user: User) -> ApiClient:
    return ApiClient(headers={"Authorization": f"Bearer {tokens.issue(user, organization_id=None).access_token}"})


@pytest.mark.parametrize("way", [with_pages, with_cookie, with_bearer], ids=["pages", "cookie", "bearer"])
def test_it_says_who_and_until_when(way: Callable[[User], ApiClient]) -> None:
    user = make.user("ada@example.test", first_name="Ada")

    body = way(user).get(PATH).json()

    assert (body["user"]["id"], body["user"]["email"], body["user"]["name"]) == (
        str(user.pk),
        "ada@example.test",
        "Ada",
    )
    assert body["expires"] == Session.objects.get().idle_expires_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_nobody_is_an_answer_too(anonymous: ApiClient) -> None:
    response = anonymous.get(PATH)

    assert (response.status_code, response.json()) == (200, {})


@pytest.mark.parametrize("limit", ["idle_expires_at", "absolute_expires_at"])
def test_a_session_that_ran_out_is_nobodys(limit: str) -> None:
    browser = with_pages(make.user())
    Session.objects.update(**{limit: clock.wall() - timedelta(seconds=1)})

    response = browser.get(PATH)

    assert response.json() == {}
    assert response.cookies["session"].value == ""


def test_a_bad_bearer_is_told_so(anonymous: ApiClient) -> None:
    assert anonymous.get(PATH, headers={"Authorization": "Bearer x"}).status_code == 401
