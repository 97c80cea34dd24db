"""Whole months of UTC."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from platform_core.errors import InvalidInput
from platform_core.months import Months, after, month_of, months
from tests import clocks


def test_they_are_both_included() -> None:
    span = Months(date(2025, 11, 1), date(2026, 1, 1))

    assert list(span) == [date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1)]
    assert (span.starts_at, span.ends_at) == (datetime(2025, 11, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("count", "month"), [(0, "2026-01"), (1, "2026-02"), (12, "2027-01"), (-1, "2025-12"), (-13, "2024-12")]
)
def test_a_later_month(count: int, month: str) -> None:
    assert f"{after(date(2026, 1, 1), count):%Y-%m}" == month


def test_a_moment_is_in_the_month_that_it_is_in_utc() -> None:
    assert month_of(datetime(2026, 3, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == date(2026, 2, 1)


def test_three_years_and_no_more() -> None:
    with clocks.at(datetime(2026, 3, 31, tzinfo=UTC)):
        assert len(list(months(date(2023, 4, 1)))) == 36
        assert len(list(months())) == 12
        with pytest.raises(InvalidInput):
            months(date(2023, 3, 1))
        assert list(months(last=date(2000, 1, 1))) == [date(2000, 1, 1)]
