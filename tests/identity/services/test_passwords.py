"""Passwords and the links that set the first one."""

import re
from datetime import timedelta

import pytest

from identity.models import PasswordLink, Session, User
from identity.services import accounts, addresses, passwords, tokens
from platform_core import clock
from platform_core.errors import InvalidInput, NotFound
from platform_core.models import AuditEvent, Mail
from platform_core.tokens import digest
from tests import make
from tests.make.identity import PASSWORD


@pytest.fixture
def guest() -> User:
    return accounts.guest_account("guest@example.test", name="Grace")


@pytest.fixture
def link(guest: User) -> str:
    found = re.search(r"http://127\.0\.0\.1:8000/accounts/welcome/(pw_[\w-]+)/", Mail.objects.get().text)
    assert found
    return found[1]


def test_a_new_password_signs_out_whoever_used_the_old_one() -> None:
    user = make.user()
    before = user.get_session_auth_hash()
    tokens.issue(user, organization_id=None)

    passwords.set_password(user, "another fine password", by=user)

    stored = User.objects.get()
    assert stored.check_password("another fine password")
    assert stored.get_session_auth_hash() != before
    assert Session.objects.get().revoked_reason == "password"
    assert AuditEvent.objects.exclude(action="session.start").get().action == "user.set_password"


def test_only_the_digest_of_a_link_is_stored(guest: User, link: str) -> None:
    row = PasswordLink.objects.get()

    assert row.token_digest == digest(link)
    assert link not in str(PasswordLink.objects.values().get())
    assert timedelta(hours=47) < row.expires_at - clock.wall() <= timedelta(hours=48)


def test_a_link_sets_the_password_and_confirms_the_address(guest: User, link: str) -> None:
    assert passwords.person_of_link(link) == guest

    assert passwords.set_by_link(link, PASSWORD) == guest

    stored = User.objects.get()
    assert stored.check_password(PASSWORD)
    assert addresses.is_confirmed(stored)
    assert PasswordLink.objects.get().used_at is not None


def test_a_link_works_once(link: str) -> None:
    passwords.set_by_link(link, PASSWORD)

    with pytest.raises(NotFound):
        passwords.person_of_link(link)
    with pytest.raises(NotFound):
        passwords.set_by_link(link, "another fine password")

    assert User.objects.get().check_password(PASSWORD)


def test_using_one_link_spends_the_others(guest: User, link: str) -> None:
    passwords.send_link(guest)

    passwords.set_by_link(link, PASSWORD)

    assert not PasswordLink.objects.usable().exists()


def test_a_weak_password_leaves_the_link_usable(guest: User, link: str) -> None:
    with pytest.raises(InvalidInput):
        passwords.set_by_link(link, "short")

    assert passwords.person_of_link(link) == guest


def test_an_expired_link_is_unknown(link: str) -> None:
    PasswordLink.objects.update(expires_at=clock.wall())

    with pytest.raises(NotFound):
        passwords.person_of_link(link)


def test_a_suspended_guest_cannot_use_their_link(link: str) -> None:
    User.objects.update(status=User.Status.SUSPENDED)

    with pytest.raises(NotFound):
        passwords.person_of_link(link)


@pytest.mark.parametrize("token", ["", "pw_", "pw_unknown"])
def test_another_link_is_unknown(link: str, token: str) -> None:
    with pytest.raises(NotFound):
        passwords.person_of_link(token)
