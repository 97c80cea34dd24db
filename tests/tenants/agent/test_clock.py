"""Whose time it is."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tenants.agent import clock
from tenants.agent.clock import HubClock
from tests.tenants.agent.homes import home

MONTH = timedelta(days=31)


def test_the_agent_follows_the_hubs_time_and_remembers_it(tmp_path: Path) -> None:
    place = home(tmp_path)
    hub_clock = HubClock(place)
    asked_at = clock.machine()

    hub_clock.adopt(asked_at + MONTH, asked_at=asked_at)

    for follower in (hub_clock, HubClock(place)):
        assert abs(follower.now() - clock.machine() - MONTH) < timedelta(seconds=5)


def test_the_networks_delay_moves_nothing(tmp_path: Path) -> None:
    place = home(tmp_path)
    asked_at = clock.machine()

    HubClock(place).adopt(asked_at + timedelta(seconds=1), asked_at=asked_at)

    assert not place.clock.exists()


def test_moments_on_the_wire() -> None:
    moment = datetime(2026, 3, 15, 14, 0, tzinfo=UTC)
    assert clock.wire(moment) == "2026-03-15T14:00:00Z"
    assert clock.parse("2026-03-15T15:00:00+01:00") == moment
    for text in ("2026-03-15T14:00:00", "soon"):
        with pytest.raises(ValueError, match=r"time zone|isoformat"):
            clock.parse(text)
