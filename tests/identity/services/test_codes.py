"""Mailed codes."""

from datetime import timedelta

import pytest

from identity.models import MailedCode, User
from identity.services import codes
from platform_core import clock
from tests import make

SIGN_IN, CONFIRM = MailedCode.Purpose.SIGN_IN, MailedCode.Purpose.CONFIRM


@pytest.fixture
def kim() -> User:
    return make.user("kim@example.test")


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**codes.DIGITS:0{codes.DIGITS}d}"


def test_the_code_works_once(kim: User) -> None:
    code = codes.new(kim, SIGN_IN, kim.email)

    assert len(code) == codes.DIGITS
    assert codes.spend(kim, SIGN_IN, code) is not None
    assert codes.spend(kim, SIGN_IN, code) is None


@pytest.mark.parametrize("spelling", ["{0}", "{1}", " {1} ", "{2}"], ids=["plain", "spaced", "around", "dashed"])
def test_it_is_understood_as_people_write_it(kim: User, spelling: str) -> None:
    code = codes.new(kim, SIGN_IN, kim.email)

    assert codes.spend(kim, SIGN_IN, spelling.format(code, codes.shown(code), f"{code[:4]}-{code[4:]}"))


def test_only_a_digest_is_stored(kim: User) -> None:
    code = codes.new(kim, SIGN_IN, kim.email)

    assert code not in str(MailedCode.objects.values().get())


def test_the_fifth_wrong_try_ends_it(kim: User) -> None:
    code = codes.new(kim, SIGN_IN, kim.email)

    assert [codes.spend(kim, SIGN_IN, wrong(code)) for _ in range(5)] == [None] * 5
    assert codes.spend(kim, SIGN_IN, code) is None


def test_four_wrong_tries_do_not(kim: User) -> None:
    code = codes.new(kim, SIGN_IN, kim.email)
    for _ in range(4):
        codes.spend(kim, SIGN_IN, wrong(code))

    assert codes.spend(kim, SIGN_IN, code) is not None


def test_it_runs_out(kim: User) -> None:
    code = codes.new(kim, SIGN_IN, kim.email)
    MailedCode.objects.update(expires_at=clock.wall() - timedelta(seconds=1))

    assert codes.spend(kim, SIGN_IN, code) is None


def test_it_is_for_one_person_one_purpose_and_until_the_next(kim: User) -> None:
    code, other = codes.new(kim, SIGN_IN, kim.email), make.user()
    codes.new(other, SIGN_IN, other.email)
    codes.new(kim, CONFIRM, kim.email)

    assert codes.spend(other, SIGN_IN, code) is None
    assert codes.spend(kim, CONFIRM, code) is None
    codes.new(kim, SIGN_IN, kim.email)
    assert codes.spend(kim, SIGN_IN, code) is None
