"""Slots: each runs once, whoever calls and however often."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from platform_core import clock, leases, schedule, tables, tasks
from platform_core.models import AuditEvent, CronRun
from platform_core.models.leases import LONG_AGO
from platform_core.schedule import Clockwork, Periodic
from platform_core.services import audit
from tests import make
from tests.clocks import at

NOON = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)


@pytest.fixture
def ran() -> list[datetime]:
    return []


@pytest.fixture
def hourly(ran: list[datetime], monkeypatch: pytest.MonkeyPatch) -> Periodic:
    """The only periodic task there is."""

    def run() -> dict[str, int]:
        ran.append(clock.now())
        return {"runs": len(ran)}

    periodic = Periodic("hourly", timedelta(hours=1), run)
    monkeypatch.setattr(tables, "entries", lambda table: [periodic] if table == "SCHEDULE" else [])
    return periodic


def test_what_a_task_changes_is_told_as_its_doing(hourly: Periodic) -> None:
    def change() -> None:
        with transaction.atomic():
            audit.record("thing.change", make.product(), by=None)

    schedule.run(replace(hourly, run=change), "w")

    event = AuditEvent.objects.get()
    assert (event.actor_type, event.actor_id, event.actor_label) == ("system", "schedule:hourly", "schedule hourly")


@pytest.mark.parametrize(
    ("every", "offset", "moment", "slot"),
    [
        (timedelta(hours=1), timedelta(0), NOON, "2026-03-01T12:00:00+00:00"),
        (timedelta(hours=1), timedelta(minutes=30), NOON, "2026-03-01T11:30:00+00:00"),
        (timedelta(days=1), timedelta(hours=3), NOON, "2026-03-01T03:00:00+00:00"),
        (timedelta(days=1), timedelta(hours=13), NOON, "2026-02-28T13:00:00+00:00"),
        (timedelta(minutes=5), timedelta(0), NOON, "2026-03-01T12:00:00+00:00"),
        (timedelta(seconds=20), timedelta(0), NOON, "2026-03-01T12:00:20+00:00"),
        (timedelta(days=1), timedelta(0), datetime(2028, 2, 29, 23, 59, tzinfo=UTC), "2028-02-29T00:00:00+00:00"),
    ],
)
def test_slots(every: timedelta, offset: timedelta, moment: datetime, slot: str) -> None:
    assert Periodic("x", every, dict, offset).slot(moment) == slot


def test_a_slot_runs_once(hourly: Periodic, ran: list[datetime]) -> None:
    with at(NOON):
        assert schedule.run(hourly, "one") is not None
        assert schedule.run(hourly, "two") is None

    row = CronRun.objects.get()
    assert (row.name, row.slot, row.status) == ("hourly", "2026-03-01T12:00:00+00:00", CronRun.Status.DONE)
    assert (row.result, row.error, row.worker) == ({"runs": 1}, "", "one")
    assert row.finished_at is not None
    assert len(ran) == 1


def test_the_next_slot_runs_and_missed_ones_are_not_made_up_for(hourly: Periodic, ran: list[datetime]) -> None:
    clockwork = Clockwork()
    for hours in (0, 0, 1, 30, 30):
        with at(NOON + timedelta(hours=hours)):
            clockwork.run_due("worker")

    assert len(ran) == 3
    assert [row.slot[:13] for row in CronRun.objects.order_by("pk")] == [
        "2026-03-01T12",
        "2026-03-01T13",
        "2026-03-02T18",
    ]


def test_looking_again_costs_nothing(hourly: Periodic, django_assert_num_queries: Callable[[int], object]) -> None:
    clockwork = Clockwork()
    with at(NOON):
        assert clockwork.run_due("worker") == 1
        with django_assert_num_queries(0):  # type: ignore[attr-defined]
            assert clockwork.run_due("worker") == 0
        assert Clockwork().run_due("another process") == 0


def test_a_slot_whose_process_died_is_taken_over(hourly: Periodic, ran: list[datetime]) -> None:
    clockwork = Clockwork()
    with at(NOON):
        row = CronRun.objects.create(name="hourly", slot=hourly.slot(NOON), started_at=NOON, run_after=NOON)
        assert leases.claim(CronRun, worker="doomed", pk=row.pk) is not None
        assert clockwork.run_due("worker") == 0
        assert ran == []

        CronRun.objects.update(lease_until=LONG_AGO, run_after=NOON)
        assert clockwork.run_due("worker") == 1

    row.refresh_from_db()
    assert (row.status, row.worker, row.attempt) == (CronRun.Status.DONE, "worker", 2)
    assert len(ran) == 1


def test_a_failed_slot_is_tried_again_after_a_pause_and_keeps_nobody_from_running(
    monkeypatch: pytest.MonkeyPatch, hourly: Periodic, ran: list[datetime]
) -> None:
    trouble = [RuntimeError("the provider is down")]

    def run() -> None:
        if trouble:
            raise trouble.pop()

    broken = Periodic("broken", timedelta(hours=1), run)
    monkeypatch.setattr(tables, "entries", lambda table: [broken, hourly] if table == "SCHEDULE" else [])
    clockwork = Clockwork()
    with at(NOON):
        assert clockwork.run_due("worker") == 2
        row = CronRun.objects.get(name="broken")
        assert (row.status, row.error) == (CronRun.Status.FAILED, "RuntimeError: the provider is down")
        assert clockwork.run_due("worker") == 0
    with at(NOON + timedelta(minutes=1)):
        assert clockwork.run_due("worker") == 1

    row.refresh_from_db()
    assert (row.status, row.error, row.result) == (CronRun.Status.DONE, "", {})
    assert len(ran) == 1


def test_the_brokers_message_runs_the_same_slot(hourly: Periodic, ran: list[datetime]) -> None:
    tasks.run_periodic("hourly")
    tasks.run_periodic("hourly")

    assert len(ran) == 1
