"""Counts and moments as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from platform_core import clock
from platform_core.portal.templatetags import amounts

AT = datetime(2026, 3, 5, 7, 8, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10K"),
        (16_250_000, "16.2M"),
        (999_400, "999K"),
        (999_999, "1M"),
        (1_250_000, "1.25M"),
        (60_000_000, "60M"),
        (2_000_000_000, "2B"),
    ],
)
def test_large_counts_are_shortened(value: int | None, text: str) -> None:
    assert amounts.compact(value) == text


@pytest.mark.parametrize(("value", "text"), [(None, ""), (0, "0"), (1_248_000, "1,248,000")])
def test_counts_are_grouped(value: int | None, text: str) -> None:
    assert amounts.count(value) == text


@pytest.mark.parametrize(
    ("value", "total", "text"),
    [(0, 10, "0%"), (1, 1_000, "<1%"), (5, 20, "25%"), (30, 20, "150%"), (1, 0, ""), (1, None, "")],
)
def test_shares_in_percent(value: int, total: int | None, text: str) -> None:
    assert amounts.percent_of(value, total) == text


@pytest.mark.parametrize(
    ("style", "text"), [("date", "5 Mar 2026"), ("datetime", "5 Mar 2026, 07:08 UTC"), ("time", "07:08:09")]
)
def test_moments_carry_the_exact_time_for_machines(style: str, text: str) -> None:
    stamp = "2026-03-05T07:08:09Z"

    assert amounts.moment(AT, style) == f'<time datetime="{stamp}" title="{stamp} UTC">{text}</time>'


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=1, minutes=59), "1 hour ago"),
        (timedelta(hours=25), "1 day ago"),
        (timedelta(days=400), "400 days ago"),
    ],
)
def test_distances_name_one_unit(span: timedelta, text: str) -> None:
    assert f">{text}</time>" in amounts.ago(clock.now() - span)


@pytest.mark.usefixtures("db")
def test_what_was_kept_by_the_machine_s_time_is_measured_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox that is a month ahead makes nobody's last visit a month older."""
    kept = clock.wall() - timedelta(minutes=3)
    ahead = clock.now() + timedelta(days=31)
    monkeypatch.setattr(clock, "now", lambda: ahead)

    assert ">3 minutes ago</time>" in amounts.ago(kept, "wall")
    assert ">31 days ago</time>" in amounts.ago(kept)


def test_nothing_is_said_of_a_moment_that_is_not_known() -> None:
    assert amounts.moment(None) == ""
    assert amounts.ago(None) == ""


def test_an_action_reads_as_words() -> None:
    assert amounts.sentence("webhook_endpoint.disable") == "Webhook endpoint disable"
