"""Bearer, cookie and browser session: what each proves and what each must show besides."""

import base64
from typing import Any
from uuid import UUID

import pytest
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from identity.api.authentication import (
    BearerAuthentication,
    CookieAuthentication,
    Credential,
    SessionAuthentication,
    credential_of,
)
from identity.browser_sessions import SessionStore
from identity.models import User
from identity.services import tokens
from identity.services.sessions import SID
from orgs.models import Membership, Organization
from orgs.portal.pages import SESSION_KEY
from platform_core.errors import NotAuthenticated
from tests import make
from tests.clients import ApiClient, PersonClient
from tests.sign_ins import enter, make_session


def bearer(user: User, organization: Organization | None = None) -> dict[str, str]:
    issued = tokens.issue(user, organization_id=organization.pk if organization else None)
    return {"Authorization": f"Bearer {issued.access_token}"}


def with_cookie(user: User) -> ApiClient:
    client = ApiClient(enforce_csrf_checks=True)
    client.cookies["at"] = tokens.issue(user, organization_id=None).access_token
    return client


def request(session: dict[str, Any] | None = None, **extra: Any) -> Request:
    django_request = APIRequestFactory().get("/", **extra)
    django_request.session = SessionStore()
    django_request.session.update(session or {})
    return Request(django_request, parsers=[JSONParser()])


def test_each_way_says_how_and_for_which_organization(organization: Organization) -> None:
    user = make.person(organization)
    issued = tokens.issue(user, organization_id=organization.pk)

    by_header = BearerAuthentication().authenticate(request(HTTP_AUTHORIZATION=f"bearer  {issued.access_token}"))
    by_cookie = CookieAuthentication().authenticate(request(HTTP_COOKIE=f"at={issued.access_token}"))
    carried = make_session(user)
    by_session = SessionAuthentication().authenticate(request({SID: str(carried.pk)}))

    for found, kind, session in (
        (by_header, "bearer", issued.session),
        (by_cookie, "cookie", issued.session),
        (by_session, "session", carried),
    ):
        assert found is not None
        person, credential = found
        assert person == user
        assert (credential.kind, credential.session, credential.organization_id) == (kind, session, organization.pk)


def test_without_a_credential_each_way_passes_on() -> None:
    for way in (BearerAuthentication(), CookieAuthentication(), SessionAuthentication()):
        assert way.authenticate(request()) is None
    assert BearerAuthentication().authenticate(request(HTTP_AUTHORIZATION="Basic YTpi")) is None
    assert CookieAuthentication().authenticate(request(HTTP_COOKIE="at=ended")) is None
    with pytest.raises(NotAuthenticated):
        BearerAuthentication().authenticate(request(HTTP_AUTHORIZATION="Bearer ended"))
    assert BearerAuthentication().authenticate_header(request()).startswith("Bearer ")


def test_a_session_works_in_the_chosen_organization_while_the_person_belongs_to_it() -> None:
    user = make.user()
    first, second = (make.membership(make.organization(), user).organization for _ in range(2))

    sid = str(make_session(user).pk)

    def used() -> UUID | None:
        found = SessionAuthentication().authenticate(request({SESSION_KEY: str(second.pk), SID: sid}))
        assert found
        return found[1].organization_id

    assert used() == second.pk
    Membership.objects.filter(organization=second).update(status=Membership.Status.SUSPENDED)
    assert used() == first.pk
    Organization.objects.filter(pk=first.pk).update(status=Organization.Status.SUSPENDED)
    assert used() is None


def test_the_credential_of_a_request_is_typed() -> None:
    made = request()
    made.auth = Credential("session", make_session(make.user()), lambda: None)

    assert credential_of(made).kind == "session"


def test_an_ended_bearer_is_refused_even_beside_a_good_session() -> None:
    client = ApiClient()
    enter(client, make.user())

    response = client.get("/auth/me", headers={"Authorization": "Bearer ended"})

    assert response.status_code == 401
    assert response.json()["code"] == "UNAUTHORIZED"
    assert response["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_token_that_is_nested_beyond_reading_is_no_token(opening: str) -> None:
    parts = (base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in (opening * 4000, "{}"))
    token = ".".join([*parts, "x"])
    browser = ApiClient()
    browser.cookies["at"] = token

    answers = [ApiClient().get("/auth/me", headers={"Authorization": f"Bearer {token}"}), browser.get("/auth/me")]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(401, "UNAUTHORIZED")] * 2


@pytest.mark.parametrize("ending", ["sign-out", "suspended", "deleted"])
def test_tokens_end_within_one_request(ending: str) -> None:
    user = make.user()
    header = bearer(user)
    assert ApiClient().get("/auth/me", headers=header).status_code == 200

    if ending == "sign-out":
        user.sessions.end(ending)
    else:
        User.objects.update(status=ending)

    assert ApiClient().get("/auth/me", headers=header).status_code == 401


def test_a_suspended_persons_browser_session_ends_with_the_next_request(owner: PersonClient) -> None:
    assert owner.get("/auth/me").status_code == 200

    User.objects.filter(pk=owner.user.pk).update(status=User.Status.SUSPENDED)

    assert owner.get("/auth/me").status_code == 401


def test_bearers_write_without_csrf_proof() -> None:
    user = make.user()
    client = ApiClient(enforce_csrf_checks=True)

    assert client.patch("/api/v1/users/me", {"firstName": "Ada"}, headers=bearer(user)).status_code == 200


@pytest.mark.parametrize("way", ["cookie", "session"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"X-CSRFToken": "forged" * 6}, 403),
        ({"X-CSRFToken": "real", "Origin": "https://evil.example"}, 403),
        ({"X-CSRFToken": "real", "Origin": "null"}, 403),
        ({"X-CSRFToken": "real", "Origin": "http://127.0.0.1:8000"}, 200),
        ({"X-CSRFToken": "real", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"X-CSRFToken": "real", "Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 403),
        ({"X-CSRFToken": "real"}, 403),
        ({"X-CSRFToken": "real", "Sec-Fetch-Site": "none"}, 403),
        ({"X-CSRFToken": "real", "Sec-Fetch-Site": "same-site"}, 403),
        ({"X-CSRFToken": "real", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"X-CSRFToken": "real", "Origin": "http://sibling.testserver"}, 403),
        ({"X-CSRFToken": "real", "Origin": "http://testserver", "Sec-Fetch-Site": "same-site"}, 403),
        ({"X-CSRFToken": "real", "Referer": "http://testserver/profile"}, 403),
    ],
    ids=str,
)
def test_browsers_write_only_with_csrf_proof(way: str, headers: dict[str, str], status: int) -> None:
    user = make.user(first_name="Before")
    client = with_cookie(user)
    if way == "session":
        client = ApiClient(enforce_csrf_checks=True)
        enter(client, user)
    token = "t" * 32
    client.cookies["csrf"] = token
    proof = {name: token if value == "real" else value for name, value in headers.items()}

    response = client.patch("/api/v1/users/me", {"firstName": "After"}, headers=proof)

    user.refresh_from_db()
    assert response.status_code == status
    assert user.first_name == ("After" if status == 200 else "Before")


@pytest.mark.parametrize("way", ["cookie", "session"])
def test_browsers_read_without_it(way: str) -> None:
    user = make.user()
    client = with_cookie(user)
    if way == "session":
        client = ApiClient(enforce_csrf_checks=True)
        enter(client, user)

    assert client.get("/api/v1/users/me").status_code == 200


def test_a_method_in_a_form_field_writes_nothing() -> None:
    user = make.user(first_name="Before")
    client = ApiClient(headers=bearer(user))

    response = client.post("/api/v1/users/me", {"_method": "PATCH", "firstName": "After"})

    user.refresh_from_db()
    assert response.status_code == 405
    assert user.first_name == "Before"


def test_claims_of_a_role_mean_nothing(member: PersonClient, organization: Organization) -> None:
    """The role is what the database says at the moment of the request, whatever the token is made to say."""
    header = bearer(member.user, organization)
    path = f"/api/v1/organizations/{organization.pk}"
    assert ApiClient().get(path, headers=header).status_code == 200

    Membership.objects.filter(user=member.user).delete()

    assert ApiClient().get(path, headers=header).status_code == 404


@pytest.mark.parametrize(
    "origin",
    ["https://evil.test", "null", "http://testserver.evil.test", "http://eviltestserver", "http://testserver"],
)
def test_no_page_of_another_site_may_read_an_answer(owner: PersonClient, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}

    answers = [owner.get("/api/v1/users/me", headers={"Origin": origin}), owner.options("/auth/refresh", headers=asked)]

    assert [answer.status_code for answer in answers] == [200, 405]
    for answer in answers:
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
