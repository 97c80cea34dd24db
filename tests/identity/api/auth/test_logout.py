"""Signing a browser out."""

from identity.models import Session
from identity.services import tokens
from tests import make
from tests.clients import ApiClient
from tests.sign_ins import enter


def test_it_works_without_an_access_token_and_ends_the_sign_in(anonymous: ApiClient) -> None:
    issued = tokens.issue(make.user(), organization_id=None)
    anonymous.cookies["rt"] = issued.refresh_token

    response = anonymous.post("/auth/logout")

    assert response.status_code == 204
    assert response.cookies["at"].value == response.cookies["rt"].value == ""
    assert Session.objects.get().revoked_reason == "sign-out"
    thief = ApiClient()
    thief.cookies["rt"] = issued.refresh_token
    assert thief.post("/auth/refresh").status_code == 401


def test_it_ends_the_browser_session_too(anonymous: ApiClient) -> None:
    enter(anonymous, make.user())

    anonymous.post("/auth/logout")

    assert anonymous.get("/auth/me").status_code == 401


def test_nobody_may_sign_out(anonymous: ApiClient) -> None:
    assert anonymous.post("/auth/logout").status_code == 204


def test_another_site_may_not_sign_anybody_out(anonymous: ApiClient) -> None:
    issued = tokens.issue(make.user(), organization_id=None)
    anonymous.cookies["rt"] = issued.refresh_token

    response = anonymous.post("/auth/logout", headers={"Origin": "https://evil.example"})

    assert response.status_code == 403
    assert Session.objects.get().revoked_at is None
