"""The worker's loop, in this process; tests of real processes are elsewhere."""

import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import OperationalError, connections

from platform_core import tables
from platform_core.management.commands import runworker
from platform_core.schedule import Periodic

Serve = Callable[..., None]


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Makes this all the work, and the schedule, that there is."""

    def only(*functions: Callable[[str], bool], schedule: tuple[Periodic, ...] = ()) -> None:
        known = {"WORK": list(functions), "SCHEDULE": list(schedule)}
        monkeypatch.setattr(tables, "entries", lambda table: known[table])

    return only


@pytest.fixture(autouse=True)
def _own_signals() -> object:
    """The command's handlers go when it does."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_it_works_until_nothing_is_left(works: Serve) -> None:
    left = list(range(33))
    ran: list[str] = []

    def work(worker: str) -> bool:
        return bool(left) and left.pop() >= 0

    works(work, schedule=(Periodic("daily", timedelta(days=1), lambda: ran.append("daily")),))
    call_command("runworker", until_idle=True)

    assert left == []
    assert ran == ["daily"]


def test_a_signal_lets_the_unit_in_hand_finish_and_no_other_begin(works: Serve) -> None:
    done: list[str] = []

    def work(worker: str) -> bool:
        os.kill(os.getpid(), signal.SIGTERM)
        done.append("finished")
        return True

    works(work)
    call_command("runworker")

    assert done == ["finished"]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_database_that_comes_back_is_waited_for(works: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runworker, "POLL_SECONDS", 0.001)
    monkeypatch.setattr(connections, "close_all", lambda: None)
    troubles = [OperationalError("away")] * 3

    def work(worker: str) -> bool:
        if troubles:
            raise troubles.pop()
        return False

    works(work)
    call_command("runworker", until_idle=True)

    assert troubles == []


def test_it_can_run_beside_the_main_thread(works: Serve) -> None:
    """Signals belong to the main thread; another one is stopped with its process."""
    works()
    thread = threading.Thread(target=call_command, args=("runworker",), kwargs={"until_idle": True})
    thread.start()
    thread.join(10)

    assert not thread.is_alive()
