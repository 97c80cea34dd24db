"""Proving who one is by password: what it costs and what it refuses."""

from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import RequestFactory

from identity.models import Session, User
from identity.services.sign_in import REFUSED, sign_in
from orgs.roles import Role
from platform_core.errors import DomainError, NotAuthenticated, RateLimited
from platform_core.models import AuditEvent, Mail
from tests import make
from tests.make.identity import PASSWORD


def attempt(email: str = "ada@example.test", password: str = PASSWORD, **meta: Any) -> Any:
    return sign_in(RequestFactory().post("/", **meta), email, password)


def test_the_right_password_begins_a_sign_in_for_the_persons_first_organization() -> None:
    user = make.user("ada@example.test")
    first = make.organization()
    make.membership(first, user, role=Role.MEMBER)
    make.membership(make.organization(), user)

    issued = attempt("Ada@Example.test")

    assert issued.session == Session.objects.get()
    assert (issued.session.user, issued.session.organization_id) == (user, first.pk)
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_id) == ("session.start", str(user.pk))


def test_somebody_without_an_organization_signs_in_too() -> None:
    make.user("ada@example.test")

    assert attempt().session.organization_id is None


class Counting(MD5PasswordHasher):
    """Counts how often a password was hashed."""

    algorithm = "counting"
    count = 0

    def encode(self, password: str, salt: str) -> str:
        Counting.count += 1
        return super().encode(password, salt)


WHO = ["wrong password", "unknown address", "suspended", "deleted", "without a password", "unconfirmed"]


@pytest.fixture(params=WHO)
def refused(request: pytest.FixtureRequest, settings: Any) -> tuple[str, str]:
    """Address and password of somebody who must not get in; hashes are counted from here on."""
    settings.PASSWORD_HASHERS = [f"{__name__}.Counting"]
    make.user("ada@example.test")
    make.user("suspended@example.test", status=User.Status.SUSPENDED)
    make.user("deleted@example.test", status=User.Status.DELETED)
    make.user("guest@example.test", password=None)
    make.user("unconfirmed@example.test", confirmed=False)
    Counting.count = 0
    return {
        "wrong password": ("ada@example.test", "wrong password"),
        "unknown address": ("nobody@example.test", PASSWORD),
        "suspended": ("suspended@example.test", PASSWORD),
        "deleted": ("deleted@example.test", PASSWORD),
        "without a password": ("guest@example.test", PASSWORD),
        "unconfirmed": ("unconfirmed@example.test", PASSWORD),
    }[request.param]


def test_every_refusal_says_the_same_and_costs_one_hash(refused: tuple[str, str]) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        attempt(*refused)

    assert (caught.value.code, caught.value.message, caught.value.details) == (
        "UNAUTHORIZED",
        REFUSED,
        {},
    )
    assert Counting.count == 1
    assert not Session.objects.exists()
    assert not AuditEvent.objects.exists()


def test_success_costs_one_hash_too(settings: Any) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.Counting"]
    make.user("ada@example.test")
    Counting.count = 0

    attempt()

    assert Counting.count == 1


def test_an_unconfirmed_address_gets_its_link_again_but_no_sign_in() -> None:
    make.user("ada@example.test", confirmed=False)

    for _ in range(2):
        with pytest.raises(NotAuthenticated):
            attempt()

    assert Mail.objects.get().template == "identity/confirm_address"
    assert not Session.objects.exists()


def test_an_instance_may_let_people_in_before_they_confirm(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    user = make.user("ada@example.test", confirmed=False)

    attempt()

    assert Session.objects.get().user == user
    assert not Mail.objects.exists()


def test_only_the_right_password_sends_the_link_again() -> None:
    make.user("ada@example.test", confirmed=False)

    with pytest.raises(NotAuthenticated):
        attempt(password="wrong password")

    assert not Mail.objects.exists()


def test_somebody_made_without_an_address_row_can_confirm_it_too() -> None:
    User.objects.create_superuser("ada@example.test", PASSWORD)

    with pytest.raises(NotAuthenticated):
        attempt()

    assert Mail.objects.get().template == "identity/confirm_address"


def outcomes(times: int, **given: Any) -> list[type[DomainError]]:
    found = []
    for number in range(times):
        with pytest.raises(DomainError) as caught:
            attempt(password=f"wrong password {number}", REMOTE_ADDR=f"192.0.2.{number}", **given)
        found.append(caught.type)
    return found


def test_five_wrong_passwords_for_one_account_are_enough_wherever_they_come_from() -> None:
    make.user("ada@example.test")

    assert outcomes(6) == [NotAuthenticated] * 5 + [RateLimited]
    with pytest.raises(RateLimited) as caught:
        attempt(REMOTE_ADDR="198.51.100.1")
    assert 295 <= int(caught.value.headers["Retry-After"]) <= 301


def test_other_accounts_are_not_affected() -> None:
    make.user("ada@example.test")
    make.user("grace@example.test")
    outcomes(6)

    assert attempt("grace@example.test", REMOTE_ADDR="198.51.100.1").session.user.email == "grace@example.test"


def test_another_host_header_gives_no_fresh_attempts() -> None:
    make.user("ada@example.test")
    outcomes(5, HTTP_HOST="localhost")

    with pytest.raises(RateLimited):
        attempt(HTTP_HOST="127.0.0.1", REMOTE_ADDR="198.51.100.1")


def test_success_does_not_count_as_a_failure() -> None:
    make.user("ada@example.test")

    for number in range(8):
        attempt(REMOTE_ADDR=f"192.0.2.{number}")


@pytest.mark.usefixtures("one_moment")
def test_one_address_may_sign_in_only_so_often() -> None:
    make.user("ada@example.test")
    for _ in range(30):
        attempt()

    with pytest.raises(RateLimited) as caught:
        attempt()

    assert 50 <= int(caught.value.headers["Retry-After"]) <= 61


@pytest.mark.usefixtures("one_moment")
def test_one_address_may_try_many_accounts_only_so_often() -> None:
    tried = []
    for number in range(11):
        with pytest.raises(DomainError) as caught:
            attempt(f"person{number}@example.test", HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")
        tried.append(caught.type)

    assert tried == [NotAuthenticated] * 10 + [RateLimited]
