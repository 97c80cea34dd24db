"""Signing in with a mailed code."""

import re

import pytest
from django.test import RequestFactory

from identity.models import MailedCode, User
from identity.services import addresses, code_sign_in
from platform_core.errors import NotAuthenticated, RateLimited
from platform_core.models import Mail
from tests import make


def send(email: str, remote: str = "192.0.2.1") -> None:
    code_sign_in.send(RequestFactory().post("/", REMOTE_ADDR=remote), email)


def person(email: str, code: str, remote: str = "192.0.2.1") -> User:
    return code_sign_in.person_of(RequestFactory().post("/", REMOTE_ADDR=remote), email, code)


def mailed() -> str:
    found = re.search(r"\d{4} \d{4}", Mail.objects.latest("created_at").text)
    assert found
    return found[0]


def test_the_mailed_code_is_the_person_and_confirms_their_address() -> None:
    kim = make.user("kim@example.test", confirmed=False)

    send("Kim@Example.test")

    assert Mail.objects.get().to == "kim@example.test"
    assert person("kim@example.test", mailed()) == kim
    assert addresses.is_confirmed(kim)
    with pytest.raises(NotAuthenticated):
        person("kim@example.test", mailed())


@pytest.mark.parametrize("status", [User.Status.SUSPENDED, User.Status.DELETED, None], ids=str)
def test_who_may_not_enter_gets_no_code(status: User.Status | None) -> None:
    if status is not None:
        make.user("kim@example.test", status=status)

    send("kim@example.test")
    send("kim@example.test")

    assert not MailedCode.objects.exists()
    assert Mail.objects.get().template == "identity/sign_in_unknown"


def test_who_is_suspended_meanwhile_does_not_enter() -> None:
    kim = make.user("kim@example.test")
    send("kim@example.test")
    User.objects.filter(pk=kim.pk).update(status=User.Status.SUSPENDED)

    with pytest.raises(NotAuthenticated):
        person("kim@example.test", mailed())


def test_a_code_for_an_address_that_was_left_meanwhile_opens_nothing() -> None:
    kim = make.user("kim@example.test")
    send("kim@example.test")
    code = mailed()
    User.objects.filter(pk=kim.pk).update(email="new@example.test")

    with pytest.raises(NotAuthenticated):
        person("new@example.test", code)


def test_one_account_is_mailed_only_so_often() -> None:
    for number in range(3):
        send("kim@example.test", f"192.0.2.{number}")

    with pytest.raises(RateLimited):
        send("kim@example.test", "192.0.2.9")


def test_guessing_is_limited_over_all_codes_and_addresses() -> None:
    make.user("kim@example.test")
    send("kim@example.test")
    for number in range(5):
        with pytest.raises(NotAuthenticated):
            person("kim@example.test", "0000 0000", f"192.0.2.{number}")

    send("kim@example.test")
    with pytest.raises(RateLimited):
        person("kim@example.test", mailed(), "198.51.100.1")
