"""How often callers may ask of the API, and what each answer tells them of it."""

from typing import Any
from uuid import uuid4

import pytest

from identity.models import User
from identity.services import tokens
from tests import caches, make
from tests.clients import ApiClient, PersonClient, ServerClient
from tests.sign_ins import enter

ME = "/auth/me"


@pytest.fixture(autouse=True)
def _three_a_minute(settings: Any, one_moment: None) -> None:
    caches.start_empty()
    settings.SESSION_REQUESTS_PER_MINUTE = 3
    settings.CREDENTIAL_REQUESTS_PER_MINUTE = 4


def bearer(user: User) -> ApiClient:
    return ApiClient(headers={"Authorization": f"Bearer {tokens.issue(user, organization_id=None).access_token}"})


def test_a_session_has_a_minutes_worth_and_is_told_of_it(owner: PersonClient) -> None:
    answers = [owner.get(ME) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert answers[0]["RateLimit-Policy"] == '"session";q=3;w=60'
    assert answers[0]["RateLimit"].startswith('"session";r=2;t=')
    assert answers[0]["X-RateLimit-Limit"] == "3"
    refused = answers[3]
    assert refused.json()["code"] == "RATE_LIMITED"
    assert refused["Retry-After"] == refused["X-RateLimit-Reset"]
    assert 55 <= int(refused["Retry-After"]) <= 61
    assert "Retry-After" not in answers[2]


def test_every_use_of_one_sign_in_is_counted_together() -> None:
    issued = tokens.issue(make.user(), organization_id=None)
    by_header = ApiClient(headers={"Authorization": f"Bearer {issued.access_token}"})
    by_cookie = ApiClient()
    by_cookie.cookies["at"] = issued.access_token

    statuses = [client.get(ME).status_code for client in (by_header, by_cookie, by_header, by_cookie)]

    assert statuses == [200, 200, 200, 429]


def test_another_session_of_the_same_person_is_another_caller() -> None:
    user = make.user()
    first, second = bearer(user), ApiClient()
    enter(second, user)

    assert [first.get(ME).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert second.get(ME).status_code == 200


def test_strangers_are_asked_who_they_are_however_often(anonymous: ApiClient) -> None:
    answers = [anonymous.get(ME) for _ in range(6)]

    assert {answer.status_code for answer in answers} == {401}
    assert "RateLimit" not in answers[0].headers


def test_failures_are_requests_too(owner: PersonClient) -> None:
    answers = [owner.patch("/api/v1/users/me", {"unknown": 1}) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [400, 400, 400, 429]
    assert answers[0]["X-RateLimit-Remaining"] == "2"


@pytest.mark.parametrize(
    "path", ["/api/v1/organizations/{}", "/api/v1/organizations/{}/members", "/api/user/account/sessions/{}"]
)
def test_whoever_guesses_at_ids_is_counted_too(owner: PersonClient, path: str) -> None:
    verb = owner.delete if "sessions" in path else owner.get

    assert [verb(path.format(uuid4())).status_code for _ in range(4)] == [404, 404, 404, 429]


def test_so_is_whoever_tries_what_they_may_not_do(member: PersonClient) -> None:
    path = f"/api/v1/organizations/{member.organization.pk}"

    assert [member.patch(path, {"name": "Mine"}).status_code for _ in range(4)] == [403, 403, 403, 429]


def test_the_other_surface_says_it_in_its_own_shape(as_staff: Any) -> None:
    staff = as_staff("tenants.view_order")

    answers = [staff.get("/api/v1/admin/orders") for _ in range(4)]

    assert answers[3].status_code == 429
    assert answers[3].json()["error"]["code"] == "RATE_LIMITED"


def test_machines_have_buckets_of_their_own(server: ServerClient) -> None:
    answers = [server.get("/api/v1/tenant/config") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [404, 404, 404, 404, 429]
    assert answers[0]["RateLimit-Policy"] == '"credential";q=4;w=60'
