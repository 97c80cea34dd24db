"""Stripe's own process: what falls due, and webhooks until they arrive."""

import logging

from django.db import OperationalError, close_old_connections

from billing.providers.sandbox import clock, webhooks
from billing.providers.sandbox.behaviour import due
from billing.providers.sandbox.webhooks import Arrange
from platform_core.stopping import Stop

log = logging.getLogger(__name__)
PAUSE_SECONDS = 0.2


def turn(arrange: Arrange = list) -> int:
    """One round; gives how many things happened."""
    return due.run_until(int(clock.now().timestamp())) + webhooks.deliver_pending(arrange=arrange)


def run(stop: Stop, arrange: Arrange = list) -> None:
    """Round after round until it is told to stop; a round in hand is finished first."""
    while not stop.is_set():
        try:
            turn(arrange)
        except OperationalError:
            # The database is busy or away; everything due is still due in the next round.
            log.exception("The sandbox's round was given up.")
        finally:
            close_old_connections()
        stop.wait(PAUSE_SECONDS)
