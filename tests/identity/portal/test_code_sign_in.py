"""Signing in with a mailed code, at the pages."""

import re

import pytest

from identity.models import Session, User
from identity.services import addresses
from platform_core.models import Mail
from tests import make
from tests.pages import Browser

ASK, ENTER, CONFIRM = "/accounts/code/", "/accounts/code/enter/", "/accounts/code/confirm/"


def mailed() -> str:
    found = re.search(r"\d{4} \d{4}", Mail.objects.latest("created_at").text)
    assert found
    return found[0]


@pytest.fixture
def browser() -> Browser:
    return Browser()


def test_the_code_signs_in_under_a_new_session_key(browser: Browser) -> None:
    make.person(make.organization("Harbour"), email="kim@example.test")
    assert browser.read(ASK).heading == "Sign in with a code"
    assert browser.send(ASK, email="kim@example.test").location == ENTER
    before = browser.cookies["session"].value
    assert browser.read(ENTER).heading == "Look at your mail"

    page = browser.send(ENTER, code=mailed())

    assert (page.status, page.location) == (302, "/overview")
    assert browser.cookies["session"].value != before
    assert browser.read("/overview").status == 200
    assert Session.objects.get().methods == ["mail"]
    assert browser.read(ASK).location == "/overview"


def test_an_unknown_address_sees_the_same_pages(browser: Browser) -> None:
    assert browser.send(ASK, email="nobody@example.test").location == ENTER

    page = browser.send(ENTER, code="0000 0000")

    assert page.status == 400
    assert "This code is not valid" in page.text
    assert not Session.objects.exists()


def test_somebody_with_a_second_factor_is_asked_for_it(browser: Browser) -> None:
    user = make.user("kim@example.test")
    user.totp_devices.create(secret="JBSWY3DPEHPK3PXP", confirmed_at=user.created_at)
    browser.send(ASK, email="kim@example.test")

    assert browser.send(ENTER, code=mailed()).location == "/accounts/second-factor/"
    assert not Session.objects.exists()


def test_nothing_is_entered_before_it_was_asked_for(browser: Browser) -> None:
    assert browser.read(ENTER).location == ASK
    assert browser.send(ENTER, code="0000 0000").location == ASK
    assert browser.send(ASK, email="no address").status == 400
    browser.send(ASK, email="kim@example.test")
    assert browser.send(ENTER).status == 400


@pytest.mark.usefixtures("one_moment")
def test_asking_too_often_is_said_so(browser: Browser) -> None:
    for _ in range(3):
        browser.send(ASK, email="kim@example.test")

    assert browser.send(ASK, email="kim@example.test").status == 429


def test_an_address_is_confirmed_with_the_code_of_the_mail(browser: Browser) -> None:
    browser.send("/accounts/signup/", name="Kim", email="kim@example.test", password1="correct horse battery staple")
    code = mailed()
    assert browser.read(CONFIRM).heading == "Confirm your address"
    assert browser.send(CONFIRM, email="no address", code=code).status == 400
    assert browser.send(CONFIRM, email="kim@example.test", code="0000 0000").status == 400
    assert browser.send(CONFIRM, email="nobody@example.test", code=code).status == 400

    page = browser.send(CONFIRM, email="kim@example.test", code=code)

    assert page.location == "/accounts/login/"
    assert "Your email address is confirmed." in browser.read("/accounts/login/").text
    assert addresses.is_confirmed(User.objects.get())
