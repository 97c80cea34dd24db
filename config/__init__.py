"""Wiring: settings, URLs, Celery."""

import gc

# What is loaded stays. Looking for garbage among it is a fifth of every start, until the apps are ready.
gc.disable()

from config.celery import app as celery_app  # noqa: E402

__all__ = ["celery_app"]
