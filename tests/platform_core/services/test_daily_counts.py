"""Counting by days: what is counted is written once, by however many processes."""

import multiprocessing
import os
import threading
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connections, transaction

from platform_core import clock
from platform_core.models import DailyCount
from platform_core.services import daily_counts
from tests.processes import race, shared_database

OURS, THEIRS = UUID(int=1), UUID(int=2)


@pytest.fixture(autouse=True)
def _nothing_yet() -> None:
    daily_counts.forget()


def told(organization_id: UUID) -> tuple[int, int, int, int]:
    row = daily_counts.today(organization_id)
    return row.tokens_issued, row.agents_registered, row.credentials_generated, row.api_calls_total


def test_what_was_counted_is_written_and_added_to() -> None:
    daily_counts.add(OURS, "api_calls_total")
    daily_counts.add(OURS, "api_calls_total")
    daily_counts.add(THEIRS, "tokens_issued")
    daily_counts.add(None, "api_calls_total")
    assert told(OURS) == (0, 0, 0, 0)

    daily_counts.write()
    daily_counts.write()
    daily_counts.add(OURS, "tokens_issued")
    daily_counts.write()

    assert told(OURS) == (1, 0, 0, 2)
    assert told(THEIRS) == (1, 0, 0, 0)
    assert DailyCount.objects.count() == 2


def test_what_is_undone_did_not_happen() -> None:
    with transaction.atomic():
        daily_counts.record(OURS, agents_registered=1)
        transaction.set_rollback(True)

    daily_counts.record(OURS, agents_registered=1, credentials_generated=2)
    daily_counts.record(OURS, credentials_generated=1)

    assert told(OURS) == (0, 1, 3, 0)


def test_midnight_of_utc_begins_another_day(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [datetime(2026, 4, 7, 23, 59, 59, 999_999, UTC), datetime(2026, 4, 8, tzinfo=UTC)]
    for moment in moments:
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        daily_counts.add(OURS, "api_calls_total")

    # Written after midnight, it is still the day's before.
    daily_counts.write()

    days = DailyCount.objects.order_by("counted_on").values_list("counted_on", "api_calls_total")
    assert list(days) == [(date(2026, 4, 7), 1), (date(2026, 4, 8), 1)]
    assert daily_counts.today(OURS).counted_on == date(2026, 4, 8)


def test_what_the_database_does_not_take_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    daily_counts.add(OURS, "api_calls_total")
    with monkeypatch.context() as broken:
        broken.setattr(daily_counts, "_statement", lambda _: "SELECT nothing FROM nowhere")
        with pytest.raises(DatabaseError):
            daily_counts.write()
    daily_counts.add(OURS, "api_calls_total")

    daily_counts.write()

    assert told(OURS) == (0, 0, 0, 2)


@pytest.mark.django_db(transaction=True)
def test_what_anything_else_keeps_from_being_written_is_kept_and_told(
    monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def broken(_: int) -> str:
        raise RuntimeError("No pool.")

    daily_counts.add(OURS, "api_calls_total")
    with monkeypatch.context() as patch:
        patch.setattr(daily_counts, "_statement", broken)
        daily_counts._write_or_tell()
    with monkeypatch.context() as patch:
        patch.setattr(daily_counts, "close_old_connections", lambda: broken(0))
        daily_counts._write_or_tell()

    assert caplog.text.count("they are kept") == 2
    daily_counts.write()
    assert told(OURS) == (0, 0, 0, 1)


def test_many_organizations_are_written_by_few_statements(django_assert_num_queries: Any) -> None:
    everybody = [uuid4() for _ in range(201)]
    for each in everybody:
        daily_counts.add(each, "tokens_issued")

    with transaction.atomic(), django_assert_num_queries(4):
        daily_counts.write()

    assert DailyCount.objects.filter(tokens_issued=1).count() == 201


def test_old_days_are_forgotten() -> None:
    today = clock.now().date()
    for days in (399, 400, 401):
        DailyCount.objects.create(organization_id=OURS, counted_on=today - timedelta(days=days))

    assert daily_counts.forget_old() == {"days": 1}


@pytest.mark.django_db(transaction=True)
def test_of_many_processes_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    def count(number: int) -> None:
        for _ in range(25):
            daily_counts.add(OURS, "api_calls_total")
            daily_counts.add(UUID(int=number % 3), "tokens_issued")
            daily_counts.write()

    with shared_database(tmp_path):
        race(8, count)
        total = sum(DailyCount.objects.values_list("tokens_issued", flat=True))
        assert (told(OURS)[3], total) == (200, 200)


@pytest.mark.django_db(transaction=True)
def test_a_thread_writes_every_few_seconds(tmp_path: Path, settings: Any) -> None:
    with shared_database(tmp_path):
        settings.COUNTS_SECONDS = 0.02
        for _ in range(3):
            daily_counts.add(OURS, "api_calls_total")
        [writer] = [thread for thread in threading.enumerate() if thread.name == "daily-counts"]
        ends = time.monotonic() + 20
        while told(OURS)[3] < 3 and time.monotonic() < ends:
            time.sleep(0.02)
        settings.COUNTS_SECONDS = 0.0
        writer.join(20)

        assert told(OURS) == (0, 0, 0, 3)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("status", "expected"), [(None, 3), (9, 0)], ids=["ended", "killed"])
def test_a_process_that_ends_writes_what_it_has(
    tmp_path: Path, settings: Any, status: int | None, expected: int
) -> None:
    settings.COUNTS_SECONDS = 3600.0

    def work() -> None:
        for _ in range(3):
            daily_counts.add(OURS, "api_calls_total")
        if status is not None:
            os._exit(status)

    with shared_database(tmp_path):
        daily_counts._pending[THEIRS, clock.now().date()] = Counter(api_calls_total=1)
        connections.close_all()
        process = multiprocessing.get_context("fork").Process(target=work)
        process.start()
        process.join(20)

        assert told(OURS) == (0, 0, 0, expected)
        # What its parent had counted is the parent's to write.
        assert told(THEIRS) == (0, 0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_trouble_while_writing_is_told_and_no_more(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    daily_counts.add(OURS, "api_calls_total")
    with monkeypatch.context() as broken:
        broken.setattr(daily_counts, "_statement", lambda _: "SELECT nothing FROM nowhere")
        daily_counts._write_or_tell()

    assert "they are kept" in caplog.text
    daily_counts._write_or_tell()
    assert told(OURS) == (0, 0, 0, 1)
