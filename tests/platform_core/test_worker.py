"""One round over what waits."""

from collections.abc import Callable

import pytest
from django.core import mail
from django.db import OperationalError, connection, transaction

from platform_core import clock, context, scoping, tables, tasks, worker
from platform_core.models import AuditEvent
from platform_core.scoping import ScopeMissing
from platform_core.services import audit
from platform_core.stopping import Stop
from tests import make

Serve = Callable[..., None]


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Makes these functions all the work there is."""

    def only(*functions: worker.Work) -> None:
        monkeypatch.setattr(tables, "entries", lambda table: list(functions) if table == "WORK" else [])

    return only


class Queue:
    """So many units, and what was done of them."""

    def __init__(self, length: int) -> None:
        self.left = length
        self.workers: list[str] = []

    def __call__(self, name: str) -> bool:
        if self.left == 0:
            return False
        self.left -= 1
        self.workers.append(name)
        return True

    __name__ = "queue"


def test_a_round_does_some_of_each(works: Serve) -> None:
    long, short = Queue(25), Queue(2)
    works(long, short)

    assert [worker.round("w") for _ in range(4)] == [12, 10, 5, 0]
    assert (long.left, short.left) == (0, 0)
    assert set(long.workers) == {"w"}


def test_what_work_changes_is_told_as_its_doing(works: Serve) -> None:
    def deliver(name: str) -> bool:
        with transaction.atomic():
            audit.record("thing.change", make.product(), by=None)
        return False

    works(deliver)
    worker.round("w")

    event = AuditEvent.objects.get()
    assert (event.actor_id, event.actor_label) == ("work:test_worker.deliver", "worker test_worker.deliver")


def test_a_round_can_be_stopped_between_two_units(works: Serve) -> None:
    stop, queue = Stop(), Queue(5)

    def stopping(name: str) -> bool:
        stop.set()
        return queue(name)

    works(stopping)

    assert worker.round("w", stop) == 1
    assert queue.left == 4


def test_one_bad_row_keeps_nobody_waiting(works: Serve, caplog: pytest.LogCaptureFixture) -> None:
    def broken(name: str) -> bool:
        raise ValueError("a bad row")

    queue = Queue(1)
    works(broken, queue)

    assert worker.round("w") == 1
    assert "a bad row" in caplog.text


def test_a_database_that_is_away_is_the_workers_trouble(works: Serve) -> None:
    def away(name: str) -> bool:
        raise OperationalError("away")

    works(away)
    with pytest.raises(OperationalError):
        worker.round("w")


def test_each_unit_has_its_own_request_id_and_the_platforms_scope(works: Serve) -> None:
    seen: list[str] = []

    def look(name: str) -> bool:
        present = context.current()
        assert present is not None
        assert scoping.current() is scoping.SYSTEM
        seen.append(present.request_id)
        return len(seen) < 3

    works(look)
    with scoping.using(None):
        worker.round("w")
        with pytest.raises(ScopeMissing):
            scoping.current()

    assert len(set(seen)) == 3
    assert context.current() is None


def test_each_unit_reads_the_clock_anew(works: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    refreshed: list[int] = []
    monkeypatch.setattr(clock, "refresh", lambda: refreshed.append(1))
    works(Queue(2))

    worker.round("w")

    assert len(refreshed) == 3


@pytest.mark.django_db(transaction=True)
def test_connections_are_replaced_when_they_are_old(works: Serve) -> None:
    make.mail()
    connection.close_at = 0
    works(Queue(1))

    worker.round("w")

    assert connection.connection is None or connection.vendor == "sqlite"


def test_a_message_is_answered_for_so_long_and_not_for_ever(works: Serve) -> None:
    endless = Queue(10_000)
    works(endless)

    tasks.sweep()

    assert len(endless.workers) == tasks.ROUNDS * worker.BATCH


def test_the_platforms_own_work_is_in_its_table() -> None:
    messages = [make.mail() for _ in range(worker.BATCH + 1)]

    tasks.sweep()

    assert {function.__name__ for function in tasks.WORK} == {
        "run_one",
        "deliver_one",
        "send_one",
        "seal_one",
        "stream_one",
    }
    assert len(mail.outbox) == len(messages)
