"""Telling workers, through the broker, that there is something to do. Losing a nudge costs a moment, never work."""

import logging
import threading
import time

from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

SWEEP = "platform_core.sweep"
# Of a stream of nudges one in so many seconds is sent, and always one after the last.
BETWEEN_SECONDS = 0.05


def nudge() -> None:
    """After this transaction's commit, have a worker look for work. Without a broker the workers look by themselves."""
    if settings.CELERY_BROKER_URL:
        transaction.on_commit(_send)


def _send() -> None:
    """The row is committed and will be found: a broker that is away must not fail the request."""
    try:
        current_app.send_task(SWEEP, retry=False, expires=30, ignore_result=True)
    except OperationalError:
        logger.warning("The broker cannot be reached; workers will find the work when they next look.")


def nudge_soon() -> None:
    """The same for what comes by the thousand: sending costs more than storing, so a thread sends for many at once."""
    if settings.CELERY_BROKER_URL:
        transaction.on_commit(_bell.ring)


class _Bell:
    """Each process has its own; the thread begins with the first ring, and anew in a process that was forked."""

    def __init__(self) -> None:
        self._rung, self._beginning = threading.Event(), threading.Lock()
        self._thread: threading.Thread | None = None

    def ring(self) -> None:
        """A message goes out in a moment."""
        self._rung.set()
        if self._thread is None or not self._thread.is_alive():
            with self._beginning:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._send_on, daemon=True)
                    self._thread.start()

    def _send_on(self) -> None:
        while self._rung.wait():
            self._rung.clear()
            _send()
            time.sleep(BETWEEN_SECONDS)


_bell = _Bell()
