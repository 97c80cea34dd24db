"""allauth's pages under our rules: sign-up, sign-in, reset, and where they lead."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from identity.models import Session, User
from identity.services import addresses, tokens
from orgs.models import Membership
from platform_core.models import AuditEvent, Mail
from tests import make
from tests.make.identity import PASSWORD
from tests.sign_ins import enter, step_up

SIGNUP, LOGIN, RESET = "/accounts/signup/", "/accounts/login/", "/accounts/password/reset/"


@pytest.fixture
def browser() -> Client:
    return Client()


def sign_up(browser: Client, **changes: str) -> Any:
    return browser.post(SIGNUP, {"email": "ada@example.test", "password1": PASSWORD, "name": "Ada Lovelace"} | changes)


def sign_in(browser: Client, email: str = "ada@example.test", password: str = PASSWORD, **extra: Any) -> Any:
    return browser.post(LOGIN, {"login": email, "password": password}, **extra)


def is_signed_in(browser: Client) -> bool:
    return browser.get("/auth/me").status_code == 200


def mailed_path(template: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:8000(/accounts/\S+)", Mail.objects.get(template=template).text)
    assert found
    return found[1]


def test_from_sign_up_to_signed_in(browser: Client) -> None:
    response = sign_up(browser, email="Ada@Example.test")

    assert response.status_code == 302
    assert not is_signed_in(browser)
    assert Membership.objects.get().user == User.objects.get(email="ada@example.test")
    confirmed = browser.post(mailed_path("identity/confirm_address"))
    assert confirmed.status_code == 302
    assert is_signed_in(browser)
    assert EmailAddress.objects.get().verified


def test_confirming_in_another_browser_signs_nobody_in(browser: Client) -> None:
    sign_up(browser)
    other = Client()

    other.post(mailed_path("identity/confirm_address"))

    assert EmailAddress.objects.get().verified
    assert not is_signed_in(other)


def test_sign_up_answers_alike_for_known_and_unknown_addresses(browser: Client) -> None:
    make.user("known@example.test")

    known = sign_up(Client(), email="known@example.test")
    unknown = sign_up(browser)

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert sorted(Mail.objects.values_list("template", "to")) == [
        ("identity/address_taken", "known@example.test"),
        ("identity/confirm_address", "ada@example.test"),
    ]


@pytest.mark.parametrize(
    "changes", [{"password1": "short"}, {"email": "nobody"}, {"name": ""}, {"name": "n" * 81}], ids=str
)
def test_bad_sign_ups_are_shown_again(browser: Client, changes: dict[str, str]) -> None:
    assert sign_up(browser, **changes).status_code == 200
    assert not User.objects.exists()


def test_signing_in_begins_a_fresh_session(browser: Client) -> None:
    make.user("ada@example.test")
    fixed = browser.session
    fixed["planted"] = True
    fixed.save()
    browser.cookies["session"] = str(fixed.session_key)

    sign_in(browser)

    assert is_signed_in(browser)
    assert browser.cookies["session"].value != fixed.session_key
    thief = Client()
    thief.cookies["session"] = str(fixed.session_key)
    assert not is_signed_in(thief)


@pytest.mark.parametrize(
    "state",
    [{"status": User.Status.SUSPENDED}, {"status": User.Status.DELETED}, {"confirmed": False}, {"password": None}],
    ids=str,
)
def test_who_may_not_sign_in_is_told_what_strangers_are_told(browser: Client, state: dict[str, Any]) -> None:
    make.user("ada@example.test", **state)
    hidden = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"|nonce="[^"]+"|value="[^"]+@example.test"')

    theirs = sign_in(browser)
    strangers = sign_in(Client(), "nobody@example.test")

    assert theirs.status_code == strangers.status_code == 200
    assert hidden.sub(b"", theirs.content) == hidden.sub(b"", strangers.content)
    assert not is_signed_in(browser)


@pytest.mark.usefixtures("one_moment")
def test_guessing_is_stopped(browser: Client) -> None:
    make.user("ada@example.test")
    for _ in range(5):
        sign_in(browser, password="wrong password")

    sign_in(browser)

    assert not is_signed_in(browser)


@pytest.mark.usefixtures("one_moment")
def test_a_forwarded_address_that_no_proxy_of_ours_wrote_gives_no_fresh_attempts(browser: Client) -> None:
    statuses = {
        sign_in(browser, f"person{n}@example.test", headers={"X-Forwarded-For": f"203.0.113.{n}"}).status_code
        for n in range(31)
    }

    assert 429 in statuses


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "https:evil.example",
        "http:///evil.example",
        "javascript:alert(1)",
        "%2F%2Fevil.example",
        "/%0d%0aLocation:%20https://evil.example",
        "http://localhost/",
        "http://127.0.0.1:8000/",
        "evil.example",
    ],
)
def test_signing_in_leads_nowhere_else(browser: Client, target: str) -> None:
    make.user("ada@example.test")

    response = browser.post(LOGIN, {"login": "ada@example.test", "password": PASSWORD, "next": target})

    assert response.status_code == 302
    assert response["Location"].startswith("/")
    assert not response["Location"].startswith(("//", "/\\"))
    assert "\r" not in response["Location"]


def test_signing_in_leads_where_one_was_going(browser: Client) -> None:
    make.user("ada@example.test")

    response = browser.post(LOGIN, {"login": "ada@example.test", "password": PASSWORD, "next": "/auth/me?x=1"})

    assert response["Location"] == "/auth/me?x=1"


def test_a_reset_signs_out_everybody_and_confirms_the_address(browser: Client) -> None:
    user = make.user("ada@example.test", confirmed=False)
    tokens.issue(user, organization_id=None)
    old_session = Client()
    enter(old_session, user)

    browser.post(RESET, {"email": "Ada@Example.test"}, headers={"Host": "localhost"})
    form = browser.get(mailed_path("identity/password_reset_key"), follow=True)
    browser.post(
        form.redirect_chain[-1][0], {"password1": "another fine password", "password2": "another fine password"}
    )

    user.refresh_from_db()
    assert user.check_password("another fine password")
    assert addresses.is_confirmed(user)
    assert set(Session.objects.values_list("revoked_reason", flat=True)) == {"password"}
    assert not is_signed_in(old_session)
    assert AuditEvent.objects.filter(action="user.set_password").count() == 1


def test_links_name_our_own_address_whatever_host_was_asked(browser: Client) -> None:
    make.user("ada@example.test")

    browser.post(RESET, {"email": "ada@example.test"}, headers={"Host": "localhost"})
    browser.post(RESET, {"email": "nobody@example.test"}, headers={"Host": "localhost"})

    for mail in Mail.objects.all():
        assert "http://127.0.0.1:8000/accounts/" in mail.text
        assert "localhost" not in mail.text
    assert browser.post(RESET, {"email": "ada@example.test"}, headers={"Host": "evil.example"}).status_code == 400


def test_reset_answers_alike_for_known_and_unknown_addresses(browser: Client) -> None:
    make.user("known@example.test")

    known = browser.post(RESET, {"email": "known@example.test"})
    unknown = browser.post(RESET, {"email": "nobody@example.test"})

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert sorted(Mail.objects.values_list("template", flat=True)) == [
        "identity/password_reset_key",
        "identity/unknown_account",
    ]


def test_a_changed_password_keeps_this_browser_and_ends_the_others(browser: Client) -> None:
    user = make.user("ada@example.test")
    other = Client()
    for each in (browser, other):
        enter(each, user)

    browser.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "another fine password", "password2": "another fine password"},
    )

    assert is_signed_in(browser)
    assert not is_signed_in(other)


def test_another_address_takes_the_place_of_the_first_when_it_is_confirmed(browser: Client) -> None:
    enter(browser, ada := make.user("ada@example.test"))
    step_up(ada, "account.address")

    browser.post("/accounts/email/", {"email": "second@example.test", "action_add": ""})

    assert Mail.objects.get().to == "second@example.test"
    assert User.objects.get().email == "ada@example.test"
    browser.post(mailed_path("identity/confirm_address"))
    assert User.objects.get().email == "second@example.test"
    assert EmailAddress.objects.values_list("email", "verified", "primary").get() == ("second@example.test", True, True)
    assert Mail.objects.latest("created_at").to == "ada@example.test"


def test_signing_in_unconfirmed_sends_the_link_again(browser: Client) -> None:
    make.user("ada@example.test", confirmed=False)

    response = sign_in(browser)

    assert response.status_code == 200
    assert not is_signed_in(browser)
    assert Mail.objects.get().template == "identity/confirm_address"


def test_an_address_confirmed_by_somebody_else_cannot_be_confirmed(browser: Client) -> None:
    sign_up(browser)
    EmailAddress.objects.create(user=make.user(), email="ada@example.test", verified=True)

    browser.post(mailed_path("identity/confirm_address"))

    assert not is_signed_in(browser)
    assert not EmailAddress.objects.get(user__email="ada@example.test").verified


def test_a_connection_without_an_address_is_refused_where_attempts_are_counted(browser: Client) -> None:
    assert browser.post(LOGIN, {"login": "a@b.test", "password": "x"}, REMOTE_ADDR="").status_code == 403
