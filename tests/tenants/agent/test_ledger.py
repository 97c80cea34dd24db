"""The metering ledger."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tenants.agent.ledger import Ledger, Snapshot, Usage

AT = datetime(2026, 3, 15, 14, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ledger(root: Path) -> Ledger:
    return Ledger(root / "usage")


def test_an_hour_is_reported_as_the_sum_of_its_lines(tmp_path: Path) -> None:
    kept = ledger(tmp_path)
    kept.record(Usage("sales", "large", 10, 5, web_search_count=1), AT)
    kept.record(Usage("sales", "large", 1, 2, 3, 4, 1, 1), AT + timedelta(minutes=29))
    kept.record(Usage("it-admin", "small", 7), AT)

    (hour,) = kept.unreported()

    assert hour.hour == AT.replace(minute=0)
    assert hour.usages == (Usage("it-admin", "small", 7), Usage("sales", "large", 11, 7, 3, 4, 2, 1))
    assert hour.buckets()[1] == {
        "agentId": "sales",
        "model": "large",
        "bucketHour": "2026-03-15T14:00:00Z",
        "tokensInput": 11,
        "tokensOutput": 7,
        "tokensCacheRead": 3,
        "tokensCacheWrite": 4,
        "webSearchCount": 2,
        "webFetchCount": 1,
    }


def test_hours_come_oldest_first_until_they_are_acknowledged(tmp_path: Path) -> None:
    kept = ledger(tmp_path)
    assert list(kept.unreported()) == []
    for later in (2, 0, 1):
        kept.record(Usage("sales", "large", 1), AT + later * HOUR)

    hours = list(kept.unreported())
    assert [hour.hour.hour for hour in hours] == [14, 15, 16]

    kept.acknowledge(hours[1])
    # As after a restart: what is known is in the files.
    assert [hour.hour.hour for hour in ledger(tmp_path).unreported()] == [14, 16]


def test_an_hour_that_grew_meanwhile_is_reported_again_whole(tmp_path: Path) -> None:
    kept = ledger(tmp_path)
    kept.record(Usage("sales", "large", 100), AT)
    (snapshot,) = kept.unreported()
    kept.record(Usage("sales", "large", 1), AT)

    kept.acknowledge(snapshot)

    (again,) = kept.unreported()
    assert again.usages == (Usage("sales", "large", 101),)


def test_a_torn_acknowledgement_counts_as_none(tmp_path: Path) -> None:
    kept = ledger(tmp_path)
    kept.record(Usage("sales", "large", 1), AT)
    (snapshot,) = kept.unreported()
    kept.acknowledge(snapshot)
    (tmp_path / "usage" / "2026-03-15T14.acknowledged").write_text("")

    assert len(list(kept.unreported())) == 1


def test_lines_that_are_none_and_files_of_others_are_passed_over(tmp_path: Path) -> None:
    kept = ledger(tmp_path)
    kept.record(Usage("sales", "large", 1), AT)
    with (tmp_path / "usage" / "2026-03-15T14.jsonl").open("a") as file:
        file.write('{"agent": "sales"}\n{"agent": "sal')
    (tmp_path / "usage" / "notes.jsonl").write_text("hello\n")

    (hour,) = kept.unreported()
    assert hour.usages == (Usage("sales", "large", 1),)


def test_only_old_hours_that_the_hub_has_are_forgotten(tmp_path: Path) -> None:
    kept = ledger(tmp_path)
    for later in (0, 1, 2):
        kept.record(Usage("sales", "large", 1), AT + later * HOUR)
    first, _, third = kept.unreported()
    kept.acknowledge(first)
    kept.acknowledge(third)

    kept.prune(AT + HOUR)

    assert sorted(path.name for path in (tmp_path / "usage").iterdir()) == [
        "2026-03-15T15.jsonl",
        "2026-03-15T16.acknowledged",
        "2026-03-15T16.jsonl",
    ]


def test_when_each_agent_was_last_busy(tmp_path: Path) -> None:
    kept = ledger(tmp_path)
    kept.record(Usage("sales", "large", 1), AT - 2 * HOUR)
    kept.record(Usage("it-admin", "large", 1), AT)
    kept.record(Usage("it-admin", "large", 1), AT + timedelta(minutes=1))

    assert kept.last_used(AT) == {"it-admin": AT + timedelta(minutes=1)}


@pytest.mark.parametrize("wrong", [{"agent": ""}, {"model": ""}, {"tokens_input": -1}, {"web_fetch_count": -1}])
def test_usage_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="usage"):
        Usage(**{"agent": "sales", "model": "large", **wrong})  # type: ignore[arg-type]


def test_an_empty_snapshot_has_no_buckets() -> None:
    assert Snapshot(AT, 0, ()).buckets() == []
