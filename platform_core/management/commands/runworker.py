"""`manage.py runworker`: the worker for where there is no broker, and beside one, a second pair of hands."""

import logging
import signal
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, connections

from platform_core import schedule, worker
from platform_core.stopping import Stop

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.2
MAX_PAUSE_SECONDS = 30.0


class Command(BaseCommand):
    help = "Do waiting work and what is due by the clock, until told to stop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--until-idle", action="store_true", help="stop when a round finds nothing to do")

    def handle(self, *args: Any, until_idle: bool, **options: Any) -> None:
        stop = Stop()
        _stop_on_signals(stop)
        clockwork = schedule.Clockwork()
        pause = POLL_SECONDS
        while not stop.is_set():
            done = _look(clockwork, stop)
            if done == 0 and until_idle:
                return
            pause = POLL_SECONDS if done is not None else min(pause * 2, MAX_PAUSE_SECONDS)
            if not done:
                stop.wait(pause)


def _look(clockwork: schedule.Clockwork, stop: Stop) -> int | None:
    """One round and what is due; None when the database could not be reached."""
    try:
        with worker.unit():
            due = clockwork.run_due(worker.name())
        return due + worker.round(worker.name(), stop)
    except (DatabaseError, InterfaceError):
        logger.exception("The database failed; trying again.")
        connections.close_all()
        return None


def _stop_on_signals(stop: Stop) -> None:
    """The first signal lets the work in hand finish; the second one ends the process as it would have."""

    def ask(number: int, frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ask)
