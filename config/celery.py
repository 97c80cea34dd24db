"""The Celery application. Its beat schedule is the union of each app's SCHEDULE."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("mainstay")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Workers log as every other process does: with the request's id, without secrets.
app.conf.worker_hijack_root_logger = False
app.autodiscover_tasks()


@app.on_after_finalize.connect
def plan(sender: Celery, **kwargs: object) -> None:
    """Beat sends a sweep every second, and looks at each app's SCHEDULE at least every minute.

    A slot runs once however often it is looked at; looking often is how a moved clock is noticed.
    """
    from platform_core import schedule, tasks  # noqa: PLC0415 - models are not loaded before this

    sender.add_periodic_task(1.0, tasks.sweep.s(), name="sweep", expires=5)
    for periodic in schedule.periodics():
        look = min(periodic.every.total_seconds(), 60.0)
        sender.add_periodic_task(look, tasks.run_periodic.s(periodic.name), name=periodic.name, expires=look)
