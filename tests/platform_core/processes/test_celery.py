"""A real Celery worker with its beat, over a real Redis."""

import os
from collections.abc import Iterator
from uuid import uuid4

import pytest
import redis

from tests.platform_core.processes.instance import Instance, until

BROKER = os.environ.get("REDIS_URL", "")
pytestmark = pytest.mark.skipif(not BROKER, reason="needs Redis: without it, there is no Celery")


@pytest.fixture
def queue() -> Iterator[str]:
    """A queue of the test's own."""
    client = redis.Redis.from_url(BROKER, socket_connect_timeout=1)
    name = f"mainstay-test-{uuid4().hex[:12]}"
    yield name
    for key in client.scan_iter(f"*{name}*"):
        client.delete(key)
    client.close()


def celery(own: Instance, queue: str, *options: str) -> None:
    own.start("-m", "celery", "-A", "config", "worker", "--concurrency=2", "--loglevel=WARNING", *options)


def test_beat_and_worker_do_what_runworker_does(own: Instance, queue: str) -> None:
    """Work that no message told of is found by beat's sweep; what is due by the clock runs, each slot once."""
    own.prepare("make", 6)
    own.environment |= {"CELERY_BROKER_URL": BROKER, "CELERY_QUEUE": queue}
    celery(own, queue, "-B", f"--schedule={own.folder / 'beat'}")

    until(lambda: own.rows("SELECT status, count(*) FROM platform_core_job GROUP BY 1") == [("DONE", 6)], 60)
    until(lambda: len(own.rows("SELECT slot FROM platform_core_cronrun WHERE status = 'DONE'")) >= 2)

    assert len(own.things()) == 6
    until(lambda: len(set(own.mailed())) == 6)


def test_a_message_alone_is_enough(own: Instance, queue: str) -> None:
    """Without beat, the message that follows each commit gets the work done."""
    own.environment |= {"CELERY_BROKER_URL": BROKER, "CELERY_QUEUE": queue}
    own.prepare("make", 3)
    celery(own, queue)

    until(lambda: own.rows("SELECT status, count(*) FROM platform_core_job GROUP BY 1") == [("DONE", 3)], 60)
    assert len(own.things()) == 3


def test_a_worker_logs_as_every_process_does(own: Instance, queue: str) -> None:
    own.environment |= {"CELERY_BROKER_URL": BROKER, "CELERY_QUEUE": queue}
    own.prepare("make", 1)
    worker = own.start("-m", "celery", "-A", "config", "worker", "--concurrency=1", "--loglevel=INFO")
    until(lambda: own.rows("SELECT status, count(*) FROM platform_core_job GROUP BY 1") == [("DONE", 1)], 60)
    worker.terminate()
    output, _ = worker.communicate(timeout=60)

    assert " INFO celery.worker.strategy [-] Task platform_core." in output
    assert "MainProcess]" not in output
