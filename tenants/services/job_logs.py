"""The live log of an order: what its jobs have said, and waiting for what they say next."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from platform_core.models import Job, JobLog
from tenants.models import Order

LONGEST_WAIT = 25.0
POLL_SECONDS = 0.5
PAGE = 500
# Each waiting reader holds a thread of the web server: the rest are answered at once and told to come back.
WAITING_AT_ONCE = 12
_places = threading.BoundedSemaphore(WAITING_AT_ONCE)


@dataclass(frozen=True)
class Lines:
    """What is new. `after` is where the next question begins; `ended`: nothing will be added."""

    lines: Sequence[JobLog]
    after: int
    ended: bool
    wait_reason: str


def jobs_of(order: Order) -> QuerySet[Job]:
    """Every job about the order."""
    return Job.objects.filter(subject_type=order._meta.label_lower, subject_id=order.pk)


def of_order(order: Order, after: int, wait_seconds: float) -> Lines:
    """Lines of the order's jobs that come after a line; waits for one if there is none yet."""
    return _follow(jobs_of(order), after, wait_seconds)


def lines_after(job: Job, after: int, wait_seconds: float) -> Lines:
    """The same of one job."""
    return _follow(Job.objects.filter(pk=job.pk), after, wait_seconds)


def _follow(jobs: QuerySet[Job], after: int, wait_seconds: float) -> Lines:
    found = _look(jobs, after)
    give_up = time.monotonic() + min(wait_seconds, LONGEST_WAIT)
    if found.lines or found.ended or not _places.acquire(blocking=False):
        return found
    try:
        while not (found.lines or found.ended) and time.monotonic() < give_up:
            _let_go()
            time.sleep(POLL_SECONDS)
            found = _look(jobs, after)
    finally:
        _places.release()
    return found


def _look(jobs: QuerySet[Job], after: int) -> Lines:
    # The job first: one that has ended by then has written every line of its log.
    job = jobs.order_by("created_at").last()
    lines = list(JobLog.objects.filter(job__in=jobs, pk__gt=after).order_by("pk")[:PAGE])
    ended = (job is None or job.status in Job.ENDED) and len(lines) < PAGE
    return Lines(lines, lines[-1].pk if lines else after, ended, job.wait_reason if job else "")


def _let_go() -> None:
    """Nobody waits with a database connection in hand. Within a transaction (a test's) it cannot be given back."""
    if not connection.in_atomic_block:
        connection.close()
