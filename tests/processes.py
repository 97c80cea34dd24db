"""Races between real processes and their threads, each with a database connection of its own."""

import multiprocessing
import os
import signal
import sqlite3
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from typing import Any

from django.db import connections

Outcome = Any
PROCESSES = 4


@contextmanager
def shared_database(folder: Path, alias: str = "default") -> Iterator[None]:
    """A database that other processes reach too: SQLite's lives in memory in tests, so it moves into a file."""
    memory = connections[alias]
    if memory.vendor != "sqlite":
        yield
        return
    name = memory.settings_dict["NAME"]
    file = folder / f"shared-{alias}.sqlite3"
    memory.ensure_connection()
    with sqlite3.connect(file) as target:
        memory.connection.backup(target)
    memory.settings_dict["NAME"] = str(file)
    connections[alias] = connections.create_connection(alias)
    # The first connection turns the file into a write-ahead log, which two at once cannot do; a migrated one is.
    connections[alias].ensure_connection()
    try:
        yield
    finally:
        connections[alias].close()
        memory.settings_dict["NAME"] = name
        connections[alias] = memory


def race(count: int, work: Callable[[int], Outcome], *, processes: int = PROCESSES) -> list[Outcome]:
    """What each of `count` callers got that began the same work at the same moment, in no order.

    They are threads of a few processes, as behind the web server, or processes of one thread where as many are asked
    for, each on a connection of its own.
    """
    fork = multiprocessing.get_context("fork")
    start, outcomes = fork.Barrier(count), fork.SimpleQueue()

    def run(number: int) -> None:
        start.wait()
        try:
            outcomes.put((work(number), ""))
        except Exception:  # noqa: BLE001 - the parent raises it again
            outcomes.put((None, traceback.format_exc()))
        connections.close_all()

    def run_all(numbers: range) -> None:
        threads = [threading.Thread(target=copy_context().run, args=(run, number)) for number in numbers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # Without the clean-up that is the parent's: the test's database, its temporary folders.
        os._exit(0)

    # A connection cannot be shared: each caller opens its own.
    connections.close_all()
    started = [fork.Process(target=run_all, args=(range(first, count, processes),)) for first in range(processes)]
    for process in started:
        process.start()
    results = [outcomes.get() for _ in range(count)]
    for process in started:
        process.join()
    failures = [failure for _, failure in results if failure]
    assert not failures, failures[0]
    return [outcome for outcome, _ in results]


def killed(work: Callable[[Callable[[], None]], object]) -> None:
    """Runs the work in a process of its own, which dies by SIGKILL where the work calls what it is given."""

    def run() -> None:
        work(lambda: os.kill(os.getpid(), signal.SIGKILL))
        os._exit(0)

    connections.close_all()
    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL, process.exitcode
