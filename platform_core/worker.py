"""One round over everything that waits, in whichever process: `runworker`, a Celery worker, a test."""

import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connections

from platform_core import clock, context, nudges, scoping, tables
from platform_core.stopping import Stop

logger = logging.getLogger(__name__)

nudge = nudges.nudge
Work = Callable[[str], bool]

# Units of one kind per round, so that a long queue of one kind does not keep the others waiting.
BATCH = 10


def name() -> str:
    """This process, as rows name their worker."""
    return f"{socket.gethostname()}:{os.getpid()}"


def round(worker: str, stop: Stop | None = None) -> int:  # noqa: A001 - the word for it
    """Do some of each kind of waiting work, unless told to stop; gives how many units were done."""
    stop = stop or Stop()
    shed_stale_connections()
    return sum(_batch(work, worker, stop) for work in tables.entries("WORK"))


def _batch(work: Work, worker: str, stop: Stop) -> int:
    for done in range(BATCH):
        if stop.is_set() or not do_one(work, worker):
            return done
    return BATCH


def do_one(work: Work, worker: str) -> bool:
    """One unit, as a unit of work of its own. What it raises is logged and its row left until its lease is over."""
    name = f"{work.__module__.rpartition('.')[2]}.{work.__name__}"
    with unit(), context.working(f"work:{name}", f"worker {name}"):
        try:
            return work(worker)
        except (OperationalError, InterfaceError):
            raise  # the database, not the row
        except Exception:
            logger.exception("Work of %s.%s failed.", work.__module__, work.__name__)
            return False


def shed_stale_connections() -> None:
    """A worker lives longer than its connections: broken and old ones are replaced, unless a transaction is open."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()


@contextmanager
def unit() -> Iterator[None]:
    """A request id, the clock's present offset, and the platform's own scope."""
    context.begin(context.RequestContext())
    clock.refresh()
    try:
        with scoping.system():
            yield
    finally:
        context.end()
