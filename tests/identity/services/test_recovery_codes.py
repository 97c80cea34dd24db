"""Recovery codes: each works once, for its own person, however it is typed."""

import re

import pytest

from identity.models import User
from identity.services import recovery_codes
from platform_core.models import AuditEvent
from tests import make


def test_ten_different_codes_are_made_and_only_their_digests_kept() -> None:
    user = make.user()

    codes = recovery_codes.generate(user, by=user)

    assert len(set(codes)) == recovery_codes.left(user) == 10
    assert all(re.fullmatch(r"[a-z2-9]{5}-[a-z2-9]{5}", code) for code in codes)
    event = AuditEvent.objects.get()
    assert (event.action, event.changes) == ("two_factor.generate_backup_codes", {"count": 10})


@pytest.mark.parametrize("typed", [str, str.upper, lambda code: f" {code} ", lambda code: code.replace("-", "")])
def test_a_code_works_however_it_is_typed_and_once(typed: object) -> None:
    user = make.user()
    code = typed(recovery_codes.generate(user, by=user)[0])  # type: ignore[operator]

    assert [recovery_codes.accept(user, code) for _ in range(2)] == [9, None]
    assert recovery_codes.left(user) == 9


def test_new_codes_end_the_old_and_nobody_uses_anothers() -> None:
    user, other = make.user(), make.user()
    old = recovery_codes.generate(user, by=user)
    theirs = recovery_codes.generate(other, by=other)

    new = recovery_codes.generate(user, by=user)

    assert recovery_codes.accept(user, old[0]) is None
    assert recovery_codes.accept(user, theirs[0]) is None
    assert recovery_codes.accept(user, new[0]) == 9


@pytest.mark.parametrize("code", ["", "-", "aaaaa-aaaaa"])
def test_what_is_no_code_is_refused(code: str) -> None:
    user = make.user()
    recovery_codes.generate(user, by=user)

    assert recovery_codes.accept(user, code) is None


def test_none_is_left_once_they_are_discarded() -> None:
    user = make.user()
    recovery_codes.generate(user, by=user)

    recovery_codes.discard(user)

    assert (recovery_codes.left(user), User.objects.get().recovery_digests) == (0, [])


def test_a_code_is_found_although_another_was_used_meanwhile() -> None:
    user = make.user()
    codes = recovery_codes.generate(user, by=user)
    elsewhere = User.objects.get()
    assert recovery_codes.accept(elsewhere, codes[0]) == 9

    assert recovery_codes.accept(user, codes[0]) is None
    assert recovery_codes.accept(user, codes[1]) == 8
    assert recovery_codes.left(User.objects.get()) == 8
