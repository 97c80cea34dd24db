"""The live log: complete, in order, and without a connection in hand while it waits."""

import threading
from pathlib import Path

import pytest
from django.db import connection, connections

from platform_core import clock, scoping
from platform_core.models import Job, JobLog
from tenants.models import Order
from tenants.services import job_logs
from tests import make
from tests.processes import shared_database


def job_for(order: Order, **fields: object) -> Job:
    return make.job(subject_type="tenants.order", subject_id=order.pk, **fields)


def say(job: Job, *texts: str) -> list[int]:
    """Lines of a job, and their places."""
    start = JobLog.objects.count()
    return [
        JobLog.objects.create(job=job, seq=str(start + number), at=clock.now(), step="one", text=text).pk
        for number, text in enumerate(texts)
    ]


def test_lines_come_from_a_place_on_and_only_of_this_order() -> None:
    order = make.order()
    job, other = job_for(order), job_for(make.order())
    first, second, third = say(job, "a", "b", "c")
    say(other, "of another order")

    found = job_logs.of_order(order, first, 0)

    assert [(line.pk, line.text) for line in found.lines] == [(second, "b"), (third, "c")]
    assert (found.after, found.ended) == (third, False)
    again = job_logs.of_order(order, third, 0)
    assert (list(again.lines), again.after) == ([], third)


def test_what_a_job_waits_for_is_told() -> None:
    order = make.order()
    job_for(order, status=Job.Status.WAITING, wait_reason="waiting for DNS")

    assert job_logs.of_order(order, 0, 0).wait_reason == "waiting for DNS"


def test_a_log_ends_with_its_job_and_not_before_its_last_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_logs, "PAGE", 2)
    order = make.order()
    job = job_for(order, status=Job.Status.DONE)
    say(job, "a", "b", "c")

    first = job_logs.lines_after(job, 0, 0)
    assert (len(first.lines), first.ended) == (2, False)
    rest = job_logs.lines_after(job, first.after, 25)
    assert ([line.text for line in rest.lines], rest.ended) == (["c"], True)


def test_an_order_without_a_job_has_nothing_to_wait_for() -> None:
    found = job_logs.of_order(make.order(), 0, 25)

    assert (list(found.lines), found.ended, found.wait_reason) == ([], True, "")


def test_waiting_ends_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_logs, "POLL_SECONDS", 0.01)
    order = make.order()
    job_for(order)

    found = job_logs.of_order(order, 0, 0.03)

    assert (list(found.lines), found.ended) == ([], False)


def test_no_more_wait_at_once_than_there_are_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_logs, "_places", threading.BoundedSemaphore(1))
    order = make.order()
    job_for(order)
    assert job_logs._places.acquire(blocking=False)

    # It would wait 25 seconds; the test would be seen to hang.
    assert list(job_logs.of_order(order, 0, 25).lines) == []

    job_logs._places.release()
    monkeypatch.setattr(job_logs, "POLL_SECONDS", 0.01)
    job_logs.of_order(order, 0, 0.01)
    assert job_logs._places.acquire(blocking=False)


@pytest.mark.django_db(transaction=True)
def test_a_waiting_reader_is_answered_by_the_next_line_and_holds_no_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scoping.system(), shared_database(tmp_path):
        order = make.order()
        job = job_for(order)
        looked, said = threading.Event(), threading.Event()
        held: list[bool] = []
        answers: list[list[str]] = []

        def sleep(seconds: float) -> None:
            held.append(connection.connection is not None)
            looked.set()
            assert said.wait(20)

        monkeypatch.setattr("tenants.services.job_logs.time.sleep", sleep)

        def read() -> None:
            with scoping.system():
                answers.append([line.text for line in job_logs.of_order(order, 0, 25).lines])
            connections.close_all()

        reader = threading.Thread(target=read)
        reader.start()
        assert looked.wait(20)
        say(job, "at last")
        said.set()
        reader.join(20)

        assert answers == [["at last"]]
        assert held == [False]
