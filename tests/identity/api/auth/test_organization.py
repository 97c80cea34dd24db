"""Choosing the organization that a sign-in works in."""

from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest

from identity.models import User
from identity.services import tokens
from orgs.models import Membership, Organization
from platform_core.models import AuditEvent
from tests import make
from tests.clients import ApiClient, PersonClient
from tests.sign_ins import enter

PATH = "/auth/organization"


@pytest.fixture
def user() -> User:
    return make.user("ada@example.test")


@pytest.fixture
def first(user: User) -> Organization:
    return make.membership(make.organization(), user).organization


@pytest.fixture
def second(user: User, first: Organization) -> Organization:
    return make.membership(make.organization(), user).organization


def claim(token: str) -> str | None:
    named: str | None = jwt.decode(token, options={"verify_signature": False}).get("organization_id")
    return named


def choose(client: ApiClient, organization_id: UUID) -> Any:
    return client.put(PATH, {"organizationId": str(organization_id)})


def test_the_next_tokens_name_the_choice(user: User, first: Organization, second: Organization) -> None:
    issued = tokens.issue(user, organization_id=first.pk)
    client = ApiClient(headers={"Authorization": f"Bearer {issued.access_token}"})

    response = choose(client, second.pk)

    body = response.json()
    assert (response.status_code, body["organizationId"], body["expiresIn"]) == (200, str(second.pk), 300)
    assert claim(body["accessToken"]) == str(second.pk)
    assert "at" not in response.cookies
    assert claim(tokens.refresh(issued.refresh_token).access_token) == str(second.pk)
    event = AuditEvent.objects.latest("created_at")
    assert (event.action, event.organization_id) == ("session.switch_organization", second.pk)


def test_a_browser_with_cookies_keeps_the_new_token(user: User, first: Organization, second: Organization) -> None:
    browser = ApiClient()
    browser.cookies["at"] = tokens.issue(user, organization_id=first.pk).access_token

    response = choose(browser, second.pk)

    assert claim(response.cookies["at"].value) == str(second.pk)


def test_the_pages_follow(user: User, first: Organization, second: Organization) -> None:
    browser = ApiClient()
    session = enter(browser, user)

    response = choose(browser, second.pk)

    assert response.json() == {"organizationId": str(second.pk)}
    session.refresh_from_db()
    assert session.organization_id == second.pk
    assert browser.session["organization"] == str(second.pk)


def test_anothers_organization_is_answered_as_an_unknown_one(owner: PersonClient, outsider: PersonClient) -> None:
    theirs, unknown = choose(owner, outsider.organization.pk), choose(owner, uuid4())

    assert (theirs.status_code, theirs.json()) == (unknown.status_code, unknown.json())
    assert theirs.status_code == 404


def test_whoever_was_removed_falls_back_to_another(user: User, first: Organization, second: Organization) -> None:
    issued = tokens.issue(user, organization_id=second.pk)
    Membership.objects.filter(organization=second).update(status=Membership.Status.SUSPENDED)

    assert claim(tokens.refresh(issued.refresh_token).access_token) == str(first.pk)


@pytest.mark.parametrize("body", [{}, {"organizationId": "x"}, {"organizationId": None}], ids=str)
def test_bad_bodies_are_named(owner: PersonClient, body: dict[str, Any]) -> None:
    response = owner.put(PATH, body)

    assert response.status_code == 400
    assert list(response.json()["details"]) == ["organizationId"]
