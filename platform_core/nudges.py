"""Telling workers, through the broker, that there is something to do. Losing a nudge costs a moment, never work."""

import logging

from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

SWEEP = "platform_core.sweep"


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
