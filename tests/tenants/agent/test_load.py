"""The made-up load of demonstrations."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tenants.agent.ledger import Ledger
from tenants.agent.load import DemoLoad
from tests.tenants.agent.homes import home

NOON = datetime(2026, 3, 15, 12, 30, tzinfo=UTC)


def totals(ledger: Ledger) -> dict[int, int]:
    """Tokens by hour of the day."""
    return {hour.hour.hour: sum(sum(use.counts()) for use in hour.usages) for hour in ledger.unreported()}


def test_each_hour_that_passes_gets_its_share(tmp_path: Path) -> None:
    place = home(tmp_path)
    ledger = Ledger(place.usage)
    load = DemoLoad(place, ledger, 1000)

    load.catch_up(NOON)
    assert totals(ledger) == {}
    load.catch_up(NOON + timedelta(minutes=90))

    assert totals(ledger) == {12: 500, 13: 1000}
    (first, *_) = ledger.unreported()
    assert {use.model for use in first.usages} == {"demo/steady-load"}


def test_it_goes_on_after_a_restart_and_does_not_fill_a_year(tmp_path: Path) -> None:
    place = home(tmp_path)
    ledger = Ledger(place.usage)
    DemoLoad(place, ledger, 1000).catch_up(NOON)

    DemoLoad(place, ledger, 1000).catch_up(NOON + timedelta(days=365))

    assert len(list(ledger.unreported())) == 45 * 24 + 1


def test_nothing_is_invented_unless_it_is_asked_for(tmp_path: Path) -> None:
    place = home(tmp_path)
    load = DemoLoad(place, Ledger(place.usage), 0)
    load.catch_up(NOON)
    load.catch_up(NOON + timedelta(hours=5))

    assert not place.usage.exists()
    assert not place.demo_load.exists()


def test_too_little_for_a_share_is_left_out(tmp_path: Path) -> None:
    place = home(tmp_path)
    ledger = Ledger(place.usage)
    load = DemoLoad(place, ledger, 4)
    load.catch_up(NOON)
    load.catch_up(NOON + timedelta(hours=1))

    assert totals(ledger) == {}
