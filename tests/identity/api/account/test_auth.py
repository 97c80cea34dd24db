"""Signing up, in and out over the API."""

import re
from typing import Any

import jwt
import pytest
from allauth.account.models import EmailAddress

from identity.models import Session, User
from identity.services import tokens
from orgs.models import Membership
from platform_core.models import AuditEvent, Mail
from tests import make
from tests.clients import ApiClient
from tests.make.identity import PASSWORD
from tests.sign_ins import enter

REGISTER, VERIFY, LOGIN, REFRESH, LOGOUT = (
    f"/api/user/auth/{verb}" for verb in ("register", "verify-email", "login", "refresh", "logout")
)


def registration(**changes: Any) -> dict[str, Any]:
    return {"email": "ada@example.test", "password": PASSWORD, "name": "Ada Lovelace"} | changes


def login(client: ApiClient, email: str = "ada@example.test", password: str = PASSWORD) -> Any:
    return client.post(LOGIN, {"email": email, "password": password})


def test_from_sign_up_to_signed_out(anonymous: ApiClient) -> None:
    assert anonymous.post(REGISTER, registration()).status_code == 201
    assert login(anonymous).status_code == 401
    key = re.findall(r"/accounts/confirm-email/([^/]+)/", Mail.objects.latest("created_at").text)[0]

    verified = anonymous.post(VERIFY, {"token": key})
    signed_in = login(anonymous)
    token = signed_in.json()["accessToken"]
    bearer = {"Authorization": f"Bearer {token}"}

    assert verified.json() == {"email": "ada@example.test"}
    assert anonymous.get("/api/v1/users/me", headers=bearer).status_code == 200
    assert ApiClient(headers=bearer).post(LOGOUT).status_code == 204
    assert anonymous.get("/api/v1/users/me", headers=bearer).status_code == 401
    assert anonymous.post(REFRESH).status_code == 401


def test_known_and_unknown_addresses_get_the_same_answer(anonymous: ApiClient) -> None:
    make.user("known@example.test")

    known = anonymous.post(REGISTER, registration(email="known@example.test"))
    unknown = anonymous.post(REGISTER, registration(companyName="Engines Ltd"))

    assert known.status_code == unknown.status_code == 201
    assert known.content == unknown.content
    assert {mail.to: mail.template for mail in Mail.objects.all()} == {
        "known@example.test": "identity/address_taken",
        "ada@example.test": "identity/confirm_address",
    }
    assert Membership.objects.get().organization.name == "Engines Ltd"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"email": "a" * 250 + "@example.test"}, "email"),
        ({"email": "x\u0000@example.test"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "ada@example.test"}, "password"),
        ({"name": ""}, "name"),
        ({"name": "n" * 81}, "name"),
        ({"isStaff": True}, "isStaff"),
        ({"role": "OWNER"}, "role"),
    ],
    ids=str,
)
def test_bad_registrations_name_the_field(anonymous: ApiClient, changes: dict[str, Any], field: str) -> None:
    response = anonymous.post(REGISTER, registration(**changes))

    assert response.status_code == 400
    assert response.json()["code"] == "VALIDATION_ERROR"
    assert list(response.json()["details"]) == [field]
    assert not User.objects.exists()


@pytest.mark.usefixtures("one_moment")
def test_sign_up_is_limited_by_address(anonymous: ApiClient) -> None:
    for _ in range(20):
        anonymous.post(REGISTER, {})

    response = anonymous.post(REGISTER, registration())

    assert response.status_code == 429
    assert response.json()["code"] == "RATE_LIMITED"
    assert response["Retry-After"] == "61"
    assert not User.objects.exists()


def test_a_wrong_key_verifies_nothing(anonymous: ApiClient) -> None:
    make.user("ada@example.test", confirmed=False)

    response = anonymous.post(VERIFY, {"token": "forged"})

    assert response.status_code == 400
    assert list(response.json()["details"]) == ["token"]
    assert not EmailAddress.objects.get().verified


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "ada@example.test"},
        {"code": "0000 0000"},
        {"token": "x", "code": "0000 0000"},
        {"email": "ada@example.test", "code": "0000 0000"},
    ],
    ids=["nothing", "no code", "no address", "both", "wrong"],
)
def test_half_a_proof_verifies_nothing(anonymous: ApiClient, body: dict[str, str]) -> None:
    make.user("ada@example.test", confirmed=False)

    response = anonymous.post(VERIFY, body)

    assert response.status_code == 400
    assert len(response.json()["details"]) == 1
    assert not EmailAddress.objects.get().verified


def test_the_code_of_the_mail_verifies_too(anonymous: ApiClient) -> None:
    anonymous.post(REGISTER, registration())
    code = re.findall(r"\d{4} \d{4}", Mail.objects.get().text)[0]

    assert anonymous.post(VERIFY, {"email": "ada@example.test", "code": code}).json() == {"email": "ada@example.test"}
    assert login(anonymous).status_code == 200


def test_signing_in_answers_tokens_and_keeps_them_from_scripts(anonymous: ApiClient) -> None:
    user = make.user("ada@example.test", first_name="Ada")

    response = login(anonymous)

    body = response.json()
    assert response.status_code == 200
    assert (body["tokenType"], body["expiresIn"]) == ("Bearer", 300)
    assert body["user"]["id"] == str(user.pk)
    assert set(body) == {"accessToken", "tokenType", "expiresIn", "user"}
    access, refresh = response.cookies["at"], response.cookies["rt"]
    assert access.value == body["accessToken"]
    assert (access["httponly"], access["samesite"], access["path"], access["max-age"]) == (True, "Lax", "/", 300)
    assert (refresh["httponly"], refresh["samesite"], refresh["path"]) == (True, "Strict", "/")
    assert refresh["max-age"] == 14 * 86_400
    assert not access["secure"]
    assert "no-store" in response["Cache-Control"]
    assert response.cookies["csrf"].value
    assert refresh.value not in response.content.decode()


def test_over_https_the_cookies_are_bound_to_it(anonymous: ApiClient, settings: Any) -> None:
    settings.HTTPS = True
    make.user("ada@example.test")

    response = login(anonymous)

    for name in ("__Host-at", "__Secure-rt"):
        cookie = response.cookies[name]
        assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")
    assert "at" not in response.cookies


def test_a_planted_csrf_token_is_worth_nothing_after_signing_in() -> None:
    make.user("ada@example.test")
    browser = ApiClient(enforce_csrf_checks=True)
    planted = browser.cookies["csrf"] = "p" * 32

    login(browser)

    assert browser.cookies["csrf"].value != planted
    for token, status in ((planted, 403), (browser.cookies["csrf"].value, 200)):
        headers = {"X-CSRFToken": token, "Origin": "http://testserver"}
        assert browser.patch("/api/v1/users/me", {}, headers=headers).status_code == status


def test_refusals_are_the_same_bytes(anonymous: ApiClient) -> None:
    make.user("ada@example.test")
    make.user("suspended@example.test", status=User.Status.SUSPENDED)
    make.user("unconfirmed@example.test", confirmed=False)

    answers = [
        login(anonymous, password="wrong password"),
        login(anonymous, "nobody@example.test"),
        login(anonymous, "suspended@example.test"),
        login(anonymous, "unconfirmed@example.test"),
    ]

    assert {response.status_code for response in answers} == {401}
    assert len({response.content for response in answers}) == 1
    assert not any(response.cookies for response in answers)


@pytest.mark.usefixtures("one_moment")
def test_guessing_ends_in_429_and_not_in_a_locked_account(anonymous: ApiClient) -> None:
    make.user("ada@example.test")
    for _ in range(5):
        login(anonymous, password="wrong password")

    response = login(anonymous)

    assert response.status_code == 429
    assert response.json()["code"] == "RATE_LIMITED"
    assert response["Retry-After"] == "301"
    assert User.objects.get().is_active


def test_a_client_that_sends_stale_cookies_can_sign_in_again(anonymous: ApiClient) -> None:
    make.user("ada@example.test")
    strict = ApiClient(enforce_csrf_checks=True)
    login(strict)

    assert login(strict).status_code == 200


def test_a_text_form_cannot_sign_anybody_in(anonymous: ApiClient) -> None:
    make.user("ada@example.test")
    body = f'{{"email": "ada@example.test", "password": "{PASSWORD}"}}'

    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        assert anonymous.post(LOGIN, body, content_type).status_code == 415


def test_refreshing_changes_both_cookies(anonymous: ApiClient) -> None:
    make.user("ada@example.test")
    first = login(anonymous)

    second = anonymous.post(REFRESH)

    assert second.status_code == 200
    assert second.cookies["rt"].value != first.cookies["rt"].value
    assert second.json()["accessToken"] == second.cookies["at"].value
    assert second.json()["user"]["email"] == "ada@example.test"
    assert Session.objects.count() == 1


def test_reuse_is_told_and_takes_the_cookies_away(anonymous: ApiClient) -> None:
    make.user("ada@example.test")
    stolen = login(anonymous).cookies["rt"].value
    anonymous.post(REFRESH)
    session = Session.objects.get()
    session.spent = []
    session.save()

    thief = ApiClient()
    thief.cookies["rt"] = stolen
    response = thief.post(REFRESH)

    assert response.status_code == 401
    assert response.json()["code"] == "REFRESH_REUSE"
    assert response.cookies["rt"].value == response.cookies["at"].value == ""
    assert AuditEvent.objects.filter(action="session.reuse_detected").count() == 1
    assert anonymous.post(REFRESH).status_code == 401
    assert anonymous.get("/auth/me").status_code == 401


def test_without_a_cookie_there_is_nothing_to_refresh(anonymous: ApiClient) -> None:
    response = anonymous.post(REFRESH)

    assert response.status_code == 401
    assert response.json()["code"] == "UNAUTHORIZED"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://127.0.0.1:8000"}, 200),
        ({"Origin": "http://testserver"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:8000.evil.example"}, 403),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
    ids=str,
)
def test_no_other_site_spends_the_refresh_cookie(anonymous: ApiClient, headers: dict[str, str], status: int) -> None:
    make.user("ada@example.test")
    before = login(anonymous).cookies["rt"].value

    assert anonymous.post(REFRESH, headers=headers).status_code == status

    assert (anonymous.cookies["rt"].value == before) is (status == 403)


def test_signing_out_needs_to_be_signed_in(anonymous: ApiClient) -> None:
    assert anonymous.post(LOGOUT).status_code == 401


def test_signing_out_of_a_browser_session(anonymous: ApiClient) -> None:
    enter(anonymous, make.user())

    assert anonymous.post(LOGOUT).status_code == 204

    assert anonymous.get("/auth/me").status_code == 401


def test_signing_out_with_cookies_takes_proof_that_our_page_asked() -> None:
    make.user("ada@example.test")
    browser = ApiClient(enforce_csrf_checks=True)
    login(browser)

    refused = browser.post(LOGOUT, headers={"Origin": "http://testserver"})
    proof = {"X-CSRFToken": browser.cookies["csrf"].value, "Origin": "http://testserver"}
    accepted = browser.post(LOGOUT, headers=proof)

    assert refused.status_code == 403
    assert refused.json()["code"] == "FORBIDDEN"
    assert accepted.status_code == 204
    assert accepted.cookies["at"].value == accepted.cookies["rt"].value == ""
    assert Session.objects.get().revoked_reason == "sign-out"


def test_the_token_names_the_organization(anonymous: ApiClient) -> None:
    user = make.user("ada@example.test")
    organization = make.organization()
    make.membership(organization, user)

    token = login(anonymous).json()["accessToken"]

    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["organization_id"] == str(organization.pk)
    assert not {"role", "roles", "permissions", "is_staff"} & set(claims)


def test_refreshing_keeps_the_organization(anonymous: ApiClient) -> None:
    user = make.user("ada@example.test")
    organization = make.organization()
    make.membership(organization, user)
    issued = tokens.issue(user, organization_id=organization.pk)
    anonymous.cookies["rt"] = issued.refresh_token

    token = anonymous.post(REFRESH).json()["accessToken"]

    assert jwt.decode(token, options={"verify_signature": False})["organization_id"] == str(organization.pk)
