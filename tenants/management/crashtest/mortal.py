"""A worker that is killed: a real process, by SIGKILL, right before or right after one of its commits."""

import faulthandler
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.core.management import call_command
from django.db import connections

from tenants.management.crashtest import commits

LOOK_SECONDS = 0.1
# Longer than any unit of work may take.
STOP_SECONDS = 120.0


class OutOfTime(Exception):
    """What was waited for did not come about."""


class WorkerFailed(Exception):
    """A worker ended although nobody killed it."""


@dataclass
class Fate:
    """How many deaths there have been, and when the next one comes."""

    chance: random.Random
    log: Path
    killed: int = 0

    def attend(self, finished: Callable[[], bool], *, kills: int, life: int, seconds: float) -> None:
        """Keep a worker at work until it is finished; up to so many are killed within their first `life` commits."""
        ends = time.monotonic() + seconds
        while not finished():
            worker = self._start(life if self.killed < kills else 0)
            self.killed += _watch(worker, finished, ends)

    def _start(self, life: int) -> int:
        boundary = (self.chance.randint(1, life), self.chance.random() < 1 / 2) if life else None
        # A child must not speak on its parent's connections.
        connections.close_all()
        child = os.fork()
        if child == 0:
            _work(boundary, self.log)
        return child


def _watch(worker: int, finished: Callable[[], bool], ends: float) -> bool:
    """Until the worker dies or is not needed any more; True when it died."""
    while True:
        ended, status = os.waitpid(worker, os.WNOHANG)
        if ended:
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
                return True
            raise WorkerFailed(f"A worker ended by itself with status {os.waitstatus_to_exitcode(status)}.")
        if finished() or time.monotonic() > ends:
            _stop(worker)
            if time.monotonic() > ends:
                raise OutOfTime
            return False
        time.sleep(LOOK_SECONDS)


def _stop(worker: int) -> None:
    """Ask it to end; one that does not says where it is, and is ended."""
    os.kill(worker, signal.SIGTERM)
    ends = time.monotonic() + STOP_SECONDS
    while not os.waitpid(worker, os.WNOHANG)[0]:
        if time.monotonic() > ends:
            os.kill(worker, signal.SIGUSR1)
            time.sleep(1)
            os.kill(worker, signal.SIGKILL)
            os.waitpid(worker, 0)
            raise WorkerFailed(
                f"A worker did not end within {STOP_SECONDS} s of being asked to: its log says where it was."
            )
        time.sleep(LOOK_SECONDS / 10)


def _work(boundary: tuple[int, bool] | None, log: Path) -> None:
    """In the child: `runworker`, until it is killed or asked to stop."""
    with log.open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    faulthandler.register(signal.SIGUSR1, file=2)
    status = 1
    try:
        if boundary:
            # Or later: not every commit has both its sides.
            commits.watch(lambda number, made: _die() if (number, made) >= boundary else None)
        call_command("runworker")
        status = 0
    finally:
        # Not the parent's clean-up.
        os._exit(status)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
