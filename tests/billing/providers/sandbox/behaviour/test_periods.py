"""Billing periods are counted from the anchor."""

from calendar import monthrange
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.providers.sandbox.behaviour import periods
from billing.providers.sandbox.shapes import Json

MONTHLY: Json = {"interval": "month", "interval_count": 1}
YEARLY: Json = {"interval": "year", "interval_count": 1}

moments = st.integers(
    int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2080, 1, 1, tzinfo=UTC).timestamp())
)
cycles = st.fixed_dictionaries(
    {"interval": st.sampled_from(["day", "week", "month", "year"]), "interval_count": st.integers(1, 12)}
)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def boundaries(anchor: str, recurring: Json, count: int) -> list[str]:
    found = [periods.boundary(at(anchor), recurring, number) for number in range(count)]
    return [datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M") for moment in found]


@pytest.mark.parametrize(
    ("anchor", "recurring", "expected"),
    [
        ("2027-01-31T10:00", MONTHLY, ["2027-01-31 10:00", "2027-02-28 10:00", "2027-03-31 10:00", "2027-04-30 10:00"]),
        ("2028-01-31T23:59", MONTHLY, ["2028-01-31 23:59", "2028-02-29 23:59", "2028-03-31 23:59", "2028-04-30 23:59"]),
        ("2028-01-30T00:00", MONTHLY, ["2028-01-30 00:00", "2028-02-29 00:00", "2028-03-30 00:00", "2028-04-30 00:00"]),
        ("2026-11-15T08:30", MONTHLY, ["2026-11-15 08:30", "2026-12-15 08:30", "2027-01-15 08:30", "2027-02-15 08:30"]),
        ("2028-02-29T12:00", YEARLY, ["2028-02-29 12:00", "2029-02-28 12:00", "2030-02-28 12:00", "2031-02-28 12:00"]),
        (
            "2026-11-30T12:00",
            {"interval": "month", "interval_count": 3},
            ["2026-11-30 12:00", "2027-02-28 12:00", "2027-05-30 12:00", "2027-08-30 12:00"],
        ),
        # A day is 24 hours in UTC, whatever clocks on walls do at the end of March.
        (
            "2027-03-27T22:00",
            {"interval": "day", "interval_count": 1},
            ["2027-03-27 22:00", "2027-03-28 22:00", "2027-03-29 22:00", "2027-03-30 22:00"],
        ),
    ],
)
def test_boundaries(anchor: str, recurring: Json, expected: list[str]) -> None:
    assert boundaries(anchor, recurring, 4) == expected


def test_a_leap_day_comes_back_after_four_years() -> None:
    assert boundaries("2028-02-29T12:00", YEARLY, 5)[-1] == "2032-02-29 12:00"


@given(anchor=moments, recurring=cycles, number=st.integers(0, 200))
def test_periods_join_without_gap_or_overlap(anchor: int, recurring: Json, number: int) -> None:
    start = periods.boundary(anchor, recurring, number)
    end = periods.boundary(anchor, recurring, number + 1)

    assert start < end
    assert periods.following(anchor, recurring, start) == end
    assert periods.following(anchor, recurring, end - 1) == end


@given(anchor=moments, months=st.integers(1, 12), elapsed=st.integers(0, 2 * 365 * 86_400))
def test_the_following_boundary_is_the_first_after_a_moment(anchor: int, months: int, elapsed: int) -> None:
    recurring = {"interval": "month", "interval_count": months}
    moment = anchor + elapsed

    first = next(
        boundary for number in range(800) if (boundary := periods.boundary(anchor, recurring, number)) > moment
    )

    assert periods.following(anchor, recurring, moment) == first


@given(anchor=moments)
def test_a_month_keeps_the_anchors_day_and_time_where_it_can(anchor: int) -> None:
    begun = datetime.fromtimestamp(anchor, UTC)
    found = [datetime.fromtimestamp(periods.boundary(anchor, MONTHLY, number), UTC) for number in range(36)]

    for boundary in found:
        assert boundary.day == min(begun.day, monthrange(boundary.year, boundary.month)[1])
        assert boundary.time() == begun.time()
    for before, after in pairwise(found):
        assert (after.year * 12 + after.month) - (before.year * 12 + before.month) == 1
