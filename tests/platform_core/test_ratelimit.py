"""Limits: what fits in a sliding window, from either store, and what callers are told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from hypothesis import given
from hypothesis import strategies as st

from platform_core import clock, ratelimit
from platform_core.errors import RateLimited
from platform_core.models import RateCounter
from platform_core.ratelimit import Limit
from tests import caches

START = datetime(2026, 3, 1, tzinfo=UTC)
LIMIT = Limit("session", 4, 60)
STORES = ["database", pytest.param("redis", marks=pytest.mark.skipif(not configured.REDIS_URL, reason="needs Redis"))]


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, settings: Any) -> str:
    caches.start_empty()
    if request.param == "database":
        settings.REDIS_URL = ""
    return str(request.param)


class Moment:
    """The machine's time as a test sets it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Moment:
    at = Moment()
    monkeypatch.setattr(clock, "wall", at)
    return at


def asked(moment: Moment, *seconds: float, limit: Limit = LIMIT) -> list[tuple[bool, int, int]]:
    """What each request is told that comes so many seconds after the start."""
    found = []
    for second in seconds:
        moment.now = START + timedelta(seconds=second)
        usage = ratelimit.spend(limit, "session:1")
        found.append((usage.is_allowed, usage.remaining, usage.reset))
    return found


def test_what_fits_is_counted_down_and_the_rest_refused(store: str, moment: Moment) -> None:
    assert asked(moment, 0, 10, 20, 30, 40, 59.5) == [
        (True, 3, 60),
        (True, 2, 50),
        (True, 1, 40),
        (True, 0, 31),
        (False, 0, 21),
        (False, 0, 1),
    ]


def test_the_window_slides(store: str, moment: Moment) -> None:
    # Of the four before, as much counts as the last minute still covers.
    assert asked(moment, 0, 0, 0, 0, 60, 60.1, 75, 75.5, 90, 180.1) == [
        (True, 3, 60),
        (True, 2, 60),
        (True, 1, 60),
        (True, 0, 61),
        (False, 0, 1),
        (True, 0, 15),
        (False, 0, 1),
        (True, 0, 15),
        (False, 0, 1),
        (True, 3, 60),
    ]


def test_whoever_waits_as_long_as_they_are_told_gets_through(store: str, moment: Moment) -> None:
    asked(moment, 0, 1, 2, 3)
    (_, _, wait), *_ = asked(moment, 4)

    assert asked(moment, 4 + wait)[0][0]
    assert not ratelimit.spend(LIMIT, "session:1").is_allowed


def test_callers_and_limits_are_counted_apart(store: str, moment: Moment) -> None:
    asked(moment, 0, 0, 0, 0)

    assert ratelimit.spend(LIMIT, "session:2").is_allowed
    assert ratelimit.spend(Limit("login", 4, 60), "session:1").is_allowed
    assert not ratelimit.spend(LIMIT, "session:1").is_allowed


def test_one_can_be_taken_back(store: str, moment: Moment) -> None:
    ratelimit.refund(LIMIT, "session:1")
    asked(moment, 0, 0, 0, 0)

    ratelimit.refund(LIMIT, "session:1")

    assert [each[0] for each in asked(moment, 1, 1)] == [True, False]


def test_a_limit_of_none_lets_nobody_in(store: str, moment: Moment) -> None:
    assert not any(each[0] for each in asked(moment, 0, 1, limit=Limit("closed", 0, 60)))


def test_a_clock_that_runs_behind_counts_in_the_newer_window(store: str, moment: Moment) -> None:
    assert [each[0] for each in asked(moment, 61, 61, 59, 59, 59)] == [True, True, True, True, False]


def test_the_refusal_says_when_to_come_back(store: str, moment: Moment) -> None:
    asked(moment, 0, 0, 0, 0, 40)

    with pytest.raises(RateLimited) as caught:
        ratelimit.require(LIMIT, "session:1")

    assert caught.value.headers == {
        "RateLimit-Policy": '"session";q=4;w=60',
        "RateLimit": '"session";r=0;t=21',
        "X-RateLimit-Limit": "4",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "21",
        "Retry-After": "21",
    }


def test_without_redis_the_database_counts_on(settings: Any, moment: Moment, caplog: pytest.LogCaptureFixture) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert [each[0] for each in asked(moment, 0, 0, 0, 0, 0)] == [True, True, True, True, False]
    ratelimit.refund(LIMIT, "session:1")

    assert "Redis is away" in caplog.text


def test_counters_of_windows_that_are_over_are_forgotten(settings: Any, moment: Moment) -> None:
    settings.REDIS_URL = ""
    asked(moment, 0)

    moment.now = START + timedelta(seconds=119)
    assert ratelimit.forget_old() == {"counters": 0}
    moment.now = START + timedelta(seconds=121)
    assert ratelimit.forget_old() == {"counters": 1}
    assert not RateCounter.objects.exists()


def test_a_counter_does_not_name_its_caller(settings: Any) -> None:
    settings.REDIS_URL = ""
    ratelimit.spend(LIMIT, "account:ada@example.test")

    assert "ada" not in str(RateCounter.objects.get())


@pytest.mark.skipif(not configured.REDIS_URL, reason="needs Redis")
@given(st.lists(st.integers(0, 30_000), max_size=40), st.integers(1, 6))
def test_both_stores_answer_alike(pauses: list[int], amount: int) -> None:
    limit = Limit("x", amount, 10)
    answers = {}
    for url in (configured.REDIS_URL, ""):
        caches.start_empty()
        RateCounter.objects.all().delete()
        answers[url] = _answers(url, limit, pauses)

    first, second = answers.values()
    assert first == second


def _answers(url: str, limit: Limit, pauses: list[int]) -> list[ratelimit.Usage]:
    at, found = START, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(configured, "REDIS_URL", url)
        for pause in pauses:
            at += timedelta(milliseconds=pause)
            patch.setattr(clock, "wall", lambda at=at: at)
            found.append(ratelimit.spend(limit, "session:1"))
    return found
