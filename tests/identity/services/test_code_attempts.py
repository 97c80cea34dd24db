"""Counting guesses: over all sign-ins of a person, and for longer the more of them are wrong."""

from datetime import timedelta

import pytest

from identity.models import User
from identity.services import code_attempts, recovery_codes, two_factor
from platform_core import clock
from platform_core.errors import RateLimited
from platform_core.models import Mail
from tests import make


def test_ten_tries_are_free_and_then_one_waits() -> None:
    user = make.user()
    for _ in range(10):
        code_attempts.was_wrong(user, code_attempts.spend(user))

    with pytest.raises(RateLimited) as refused:
        code_attempts.spend(user)

    assert 890 <= int(refused.value.headers["Retry-After"]) <= 900
    user.refresh_from_db()
    assert user.wrong_codes == 10
    assert Mail.objects.count() == 1
    code_attempts.spend(make.user())


def test_after_the_wait_one_more_try_doubles_it() -> None:
    user = make.user()
    User.objects.filter(pk=user.pk).update(wrong_codes=10, codes_blocked_until=clock.wall())

    code_attempts.spend(user)

    user.refresh_from_db()
    assert user.wrong_codes == 11
    assert user.codes_blocked_until is not None
    assert timedelta(minutes=29) < user.codes_blocked_until - clock.wall() <= timedelta(minutes=30)


def test_a_right_code_begins_anew() -> None:
    user = make.user()
    blocked_until = clock.wall() + timedelta(hours=1)
    User.objects.filter(pk=user.pk).update(wrong_codes=12, codes_blocked_until=blocked_until)

    code_attempts.forgive(user)

    code_attempts.spend(user)
    user.refresh_from_db()
    assert user.wrong_codes == 1


def test_a_right_code_is_none_while_one_is_blocked() -> None:
    user = make.user()
    blocked_until = clock.wall() + timedelta(hours=1)
    User.objects.filter(pk=user.pk).update(wrong_codes=12, codes_blocked_until=blocked_until)
    [code, *_] = recovery_codes.generate(user, by=user)

    with pytest.raises(RateLimited):
        two_factor.check_code(user, code)

    user.refresh_from_db()
    assert (user.wrong_codes, user.codes_blocked_until, len(user.recovery_digests)) == (12, blocked_until, 10)


@pytest.mark.parametrize(("failed", "minutes"), [(10, 15), (11, 30), (12, 60), (16, 960), (17, 1440), (999, 1440)])
def test_the_wait_doubles_up_to_a_day(failed: int, minutes: int) -> None:
    assert code_attempts.block_after(failed) == timedelta(minutes=minutes)
