"""`python -m tenants.management.shuffletest --nursery`: keeps workers alive and kills them, one every few seconds.

A process of its own that never opens a connection, so that its children begin with none.
"""

import json
import os
import random
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Any

from django.db import DatabaseError, InterfaceError, connections
from django.urls import reverse

from billing.services import inbox
from platform_core import leases, worker
from platform_core.models import ProviderObject
from platform_core.stopping import Stop

WORKERS = 2
JOURNAL = "journal.jsonl"
READY = "ready"
# Between one death and the next. Whoever reads must have a chance to finish, on a slow machine as well.
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 5.0
LOOK_SECONDS = 0.1
IDLE_SECONDS = 0.05


class Nursery:
    """So many workers at any time; each death is written down."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.journal, self.chance = folder / JOURNAL, random.Random(seed)  # noqa: S311 - when it is
        self.children: set[int] = set()
        self.over = self.sparing = False
        self._plan_death()

    def run(self) -> int:
        """Until told to stop, or left alone; then the workers end. The status tells whether one failed."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGUSR1, self._spare)
        # What a worker needs is loaded once: else each of them would spend its short life on that.
        reverse("portal:billing")
        note(self.journal, READY, pid=os.getpid())
        self._plan_death()
        failed, parent = False, os.getppid()
        while not self.over and os.getppid() == parent:
            while len(self.children) < WORKERS:
                self.children.add(_worker(self.journal))
            time.sleep(LOOK_SECONDS)
            if not self.sparing and time.monotonic() >= self.next_death:
                failed = self._kill_one() or failed
                self._plan_death()
        for child in self.children:
            os.kill(child, signal.SIGTERM)
        statuses = [os.waitpid(child, 0)[1] for child in self.children]
        return int(failed or any(statuses))

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.over = True

    def _spare(self, number: int, frame: FrameType | None) -> None:
        """From now on nobody is killed: what is left may be finished."""
        self.sparing = True

    def _plan_death(self) -> None:
        self.next_death = time.monotonic() + self.chance.uniform(SHORTEST_PAUSE, LONGEST_PAUSE)

    def _kill_one(self) -> bool:
        """True where it had ended by itself before."""
        child = self.chance.choice(sorted(self.children))
        os.kill(child, signal.SIGKILL)
        self.children.discard(child)
        died_by = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        note(self.journal, "killed", pid=child)
        return died_by != -signal.SIGKILL


def note(journal: Path, what: str, **facts: Any) -> None:
    """One line; all processes of this machine share its clock."""
    line = json.dumps({"at": time.monotonic_ns(), "what": what, **facts}) + "\n"
    with journal.open("a") as file:
        file.write(line)


def _worker(journal: Path) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _work(journal)
            status = 0
        finally:
            os._exit(status)
    return child


def _work(journal: Path) -> None:
    """Act upon what arrives, until asked to stop; who holds which owner is written down."""
    stop = Stop()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    _watch(journal)
    parent = os.getppid()
    while not stop.is_set() and os.getppid() == parent:
        if not _look():
            stop.wait(IDLE_SECONDS)


def _look() -> bool:
    try:
        return worker.do_one(inbox.process_one, worker.name())
    except (DatabaseError, InterfaceError) as error:
        # What it held comes back by itself.
        print(f"{type(error).__name__}: {error}", flush=True)  # noqa: T201
        connections.close_all()
        return False


def _watch(journal: Path) -> None:
    """Around the claim of an owner and its release."""
    claim, settle = leases.claim, leases.settle

    def claimed(model: Any, **options: Any) -> Any:
        row = claim(model, **options)
        if isinstance(row, ProviderObject):
            note(journal, "took", pid=os.getpid(), owner=row.external_id)
        return row

    def settled(row: Any, **changes: Any) -> bool:
        is_owner = isinstance(row, ProviderObject)
        if is_owner:
            note(journal, "left", pid=os.getpid(), owner=row.external_id)
        was_ours = settle(row, **changes)
        if is_owner and not was_ours:
            note(journal, "fenced", pid=os.getpid(), owner=row.external_id)
        return was_ours

    vars(leases).update(claim=claimed, settle=settled)
