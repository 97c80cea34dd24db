"""Whoever reads somebody's mail gets a password, and not past the second factor."""

import re
from typing import Any

import pytest

from identity.models import Session, User
from identity.services import passwords
from platform_core.models import Mail
from tests import make
from tests.pages import Browser

NEW = "another fine password"


@pytest.fixture
def kim() -> User:
    """Somebody with an authenticator app."""
    made = make.user("kim@example.test")
    made.totp_devices.create(secret="JBSWY3DPEHPK3PXP", confirmed_at=made.created_at)
    return made


def mailed(pattern: str) -> str:
    found = re.search(rf"http://127\.0\.0\.1:8000({pattern}\S+)", Mail.objects.latest("created_at").text)
    assert found
    return found[1]


def test_a_reset_password_still_needs_the_second_factor(kim: User) -> None:
    browser: Any = Browser()
    browser.send("/accounts/password/reset/", email=kim.email)
    form = browser.get(mailed("/accounts/password/reset/key/"), follow=True)
    browser.post(form.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
    assert User.objects.get().check_password(NEW)

    page = browser.send("/accounts/login/", login=kim.email, password=NEW)

    assert page.location.startswith("/accounts/second-factor/")
    assert not Session.objects.exists()


def test_neither_does_a_mailed_link_for_the_first_password(kim: User) -> None:
    passwords.send_link(kim)
    browser = Browser()

    page = browser.send(mailed("/accounts/welcome/"), password=NEW)

    assert page.location.startswith("/accounts/second-factor/")
    assert not Session.objects.exists()
