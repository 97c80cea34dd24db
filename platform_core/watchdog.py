"""Holding a lease while work goes on, for as long as the work may take and not longer."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connections

from platform_core import leases, scoping
from platform_core.models.leases import Leased

logger = logging.getLogger(__name__)

EXIT_OVERRUN = 75


def end_process() -> None:
    """A thread cannot be stopped, a process can: whatever hangs must not act in a row's name after its time."""
    os._exit(EXIT_OVERRUN)


@contextmanager
def keep(
    row: Leased, *, timeout: float, seconds: float | None = None, overrun: Callable[[], None] = end_process
) -> Iterator[None]:
    """Renew the row's lease every quarter of it while the block runs; end the process when it takes too long."""
    over = threading.Event()
    ends = time.monotonic() + timeout
    watch = threading.Thread(target=_watch, args=(row, over, ends, seconds, overrun), daemon=True)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()


def _watch(row: Leased, over: threading.Event, ends: float, seconds: float | None, overrun: Callable[[], None]) -> None:
    pause = leases.lease_seconds(seconds) / 4
    try:
        while not over.wait(max(0.0, min(pause, ends - time.monotonic()))):
            if time.monotonic() >= ends:
                logger.critical("%s %s took too long: ending this process.", row._meta.label, row.pk)
                overrun()
                return
            _renew(row, seconds)
    finally:
        connections.close_all()


def _renew(row: Leased, seconds: float | None) -> None:
    """A renewal that fails is not fatal: the lease lasts three more, and a lost one is noticed when settling."""
    try:
        # A thread of its own has no scope.
        with scoping.system():
            leases.renew(row, seconds)
    except DatabaseError:
        logger.warning("Could not renew the lease of %s %s.", row._meta.label, row.pk, exc_info=True)
