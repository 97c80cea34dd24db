"""How often somebody may try."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from identity.services import limits
from platform_core.errors import RateLimited
from tests import make


@pytest.mark.usefixtures("one_moment")
def test_beyond_the_limit_the_caller_is_told_when_to_come_back() -> None:
    request = RequestFactory().post("/")
    for _ in range(20):
        limits.spend(request, "signup")

    with pytest.raises(RateLimited) as caught:
        limits.spend(request, "signup")

    assert (caught.value.status, caught.value.code) == (429, "RATE_LIMITED")
    assert caught.value.headers["Retry-After"] == caught.value.headers["X-RateLimit-Reset"]
    assert 58 <= int(caught.value.headers["Retry-After"]) <= 61


@pytest.mark.usefixtures("one_moment")
def test_what_is_silently_left_out_and_what_is_taken_back() -> None:
    request = RequestFactory().post("/")

    assert [limits.fits(request, "login_failed", key="ada@example.test") for _ in range(6)] == [True] * 5 + [False]
    limits.forgive(request, "login_failed", key="ada@example.test")
    assert limits.fits(request, "login_failed", key="ada@example.test")
    limits.clear(request, "login_failed", key="ada@example.test")

    # The caller's own address stays counted: ten a minute.
    assert [limits.fits(request, "login_failed", key="ada@example.test") for _ in range(5)] == [True] * 4 + [False]


def test_what_is_counted_for_a_person_is_not_counted_for_nobody() -> None:
    request = RequestFactory().post("/")
    request.user = AnonymousUser()

    assert [limits.fits(request, "change_password") for _ in range(10)] == [True] * 10


@pytest.mark.usefixtures("one_moment")
def test_a_limit_of_a_person_is_theirs_wherever_they_are() -> None:
    def ask(address: str) -> bool:
        request = RequestFactory().post("/", REMOTE_ADDR=address)
        request.user = user
        return limits.fits(request, "change_password")

    user = make.user()

    assert [ask(f"192.0.2.{number}") for number in range(6)] == [True] * 5 + [False]
    user = make.user()
    assert ask("192.0.2.1")
