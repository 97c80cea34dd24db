"""The account pages that allauth serves: ours in look and words, errors at their fields."""

import re

import pytest

from platform_core.models import Mail
from tests import make
from tests.make.identity import PASSWORD
from tests.pages import Browser
from tests.sign_ins import step_up

FORM = {"name": "Kim Lindqvist", "email": "kim@harbour.test", "password1": "harbour lantern 42"}


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/accounts/login/", "Sign in"),
        ("/accounts/signup/", "Create your account"),
        ("/accounts/password/reset/", "Reset your password"),
        ("/accounts/password/reset/done/", "Look at your mail"),
        ("/accounts/password/reset/key/x-y/", "This link has been used"),
        ("/accounts/password/reset/key/done/", "Password saved"),
        ("/accounts/confirm-email/", "Look at your mail"),
        ("/accounts/confirm-email/nonsense/", "This link no longer works"),
        ("/accounts/inactive/", "This account is suspended"),
    ],
)
def test_pages_before_signing_in(path: str, heading: str) -> None:
    assert Browser().read(path).heading == heading


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/accounts/logout/", "Sign out?"),
        ("/accounts/password/change/", "Change password"),
        ("/accounts/email/", "Email address"),
    ],
)
def test_pages_of_a_person(path: str, heading: str) -> None:
    browser = Browser()
    kim = make.user("kim@harbour.test")
    browser.send("/accounts/login/", login="kim@harbour.test", password=PASSWORD)
    step_up(kim, "account.address")

    assert browser.read(path).heading == heading


def test_signing_up_leads_to_the_mail_and_its_link_to_the_portal() -> None:
    browser = Browser()

    page = browser.send("/accounts/signup/", **FORM)
    link = re.search(r"https?://[^/]+(/accounts/confirm-email/\S+)", Mail.objects.get().text)
    assert link is not None
    asked = browser.read(link[1])
    confirmed = browser.send(link[1])

    assert (page.status, page.location) == (302, "/accounts/confirm-email/")
    assert (asked.heading, "Is kim@harbour.test yours?" in asked.text) == ("Confirm your address", True)
    assert confirmed.status == 302
    assert browser.read("/overview").heading == "Kim Lindqvist"


def test_signing_in_leads_to_the_portal() -> None:
    make.person(make.organization("Harbour Bakery"), email="kim@harbour.test")
    browser = Browser()

    page = browser.send("/accounts/login/", login="kim@harbour.test", password=PASSWORD)

    assert (page.status, page.location) == (302, "/overview")


def test_a_wrong_password_is_told_above_the_form_without_saying_which_was_wrong() -> None:
    make.user("kim@harbour.test")

    known = Browser().send("/accounts/login/", login="kim@harbour.test", password="wrong")
    unknown = Browser().send("/accounts/login/", login="nobody@harbour.test", password="wrong")

    assert 'role="alert"' in known.html
    assert known.text == unknown.text


def test_a_weak_password_is_told_at_its_field() -> None:
    page = Browser().send("/accounts/signup/", **FORM | {"password1": "12345"})

    assert 'id="id_password1_error"' in page.html
    assert 'aria-describedby="id_password1_helptext id_password1_error"' in page.html
    assert not Mail.objects.exists()


def test_staff_are_told_which_door_it_is() -> None:
    page = Browser().read("/accounts/login/", next="/admin/")

    assert "The staff console is for the people who run Mainstay." in page.text
    assert '<input type="hidden" name="next" value="/admin/">' in page.html


def test_signing_out_ends_on_the_first_page() -> None:
    browser = Browser(make.person(make.organization()))

    page = browser.send("/accounts/logout/")

    assert (page.status, page.location) == (302, "/")
    assert browser.read("/overview").status == 302


@pytest.mark.usefixtures("one_moment")
def test_too_many_attempts_are_told_as_such() -> None:
    browser = Browser()

    pages = [browser.send("/accounts/password/reset/", email="kim@harbour.test") for _ in range(30)]

    assert (pages[-1].status, pages[-1].heading) == (429, "Too many attempts")


@pytest.mark.parametrize("email", ["kim@harbour.test", "no address", ""])
def test_an_address_that_will_not_do_is_refused_at_its_field(email: str) -> None:
    browser = Browser(kim := make.user("kim@harbour.test"))
    step_up(kim, "account.address")

    page = browser.send("/accounts/email/", email=email, action_add="")

    assert page.status == 200
    assert 'aria-invalid="true"' in page.html
    assert not Mail.objects.exists()


def test_an_address_that_waits_is_shown() -> None:
    browser = Browser(kim := make.user("kim@harbour.test"))
    step_up(kim, "account.address")

    browser.send("/accounts/email/", email="new@harbour.test", action_add="")

    assert "new@harbour.test is not confirmed yet." in browser.read("/accounts/email/").text
    assert "new@harbour.test when it is confirmed" in browser.read("/profile").text


def test_another_address_takes_a_proof_first() -> None:
    browser = Browser(make.user("kim@harbour.test"))

    asked = browser.read("/accounts/email/")
    sent = browser.send("/accounts/email/", email="new@harbour.test", action_add="")

    assert asked.location == sent.location == "/security/confirm?purpose=account.address&next=%2Faccounts%2Femail%2F"
    assert not Mail.objects.exists()
    assert browser.send(asked.location, password=PASSWORD).location == "/accounts/email/"
    browser.send("/accounts/email/", email="new@harbour.test", action_add="")
    assert Mail.objects.get(to="new@harbour.test").template == "identity/confirm_address"
