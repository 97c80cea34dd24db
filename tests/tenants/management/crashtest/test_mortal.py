"""Workers that are killed as often as asked, and no more."""

import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from platform_core.models import Mail
from tenants.management.crashtest import mortal
from tenants.management.crashtest.mortal import Fate, OutOfTime, WorkerFailed
from tests import make
from tests.processes import shared_database

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fate(tmp_path: Path, settings: Settings) -> Iterator[Fate]:
    """Short lives, on a database that processes share."""
    settings.WORKER_LEASE_SECONDS = 0.5
    with shared_database(tmp_path):
        yield Fate(random.Random(1), tmp_path / "worker.log")  # noqa: S311 - not for secrets


def test_the_work_is_done_in_spite_of_so_many_kills(fate: Fate) -> None:
    for _ in range(6):
        make.mail()

    def sent() -> bool:
        return Mail.objects.filter(status=Mail.Status.SENT).count() == 6 and fate.killed >= 2

    fate.attend(sent, kills=2, life=4, seconds=60)

    assert fate.killed == 2


def test_a_worker_that_fails_and_one_that_takes_too_long(fate: Fate, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OutOfTime):
        fate.attend(lambda: False, kills=0, life=4, seconds=0)

    def fail(*names: str) -> None:
        raise RuntimeError("no such command")

    monkeypatch.setattr(mortal, "call_command", fail)
    with pytest.raises(WorkerFailed, match="status 1"):
        fate.attend(lambda: False, kills=0, life=4, seconds=60)
    assert fate.killed == 0


def test_a_worker_that_does_not_stop_says_where_it_is(
    fate: Fate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dawdle(*names: str) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        (tmp_path / "dawdling").touch()
        time.sleep(60)

    monkeypatch.setattr(mortal, "call_command", dawdle)
    monkeypatch.setattr(mortal, "STOP_SECONDS", 0.05)
    with pytest.raises(WorkerFailed, match="did not end"):
        fate.attend((tmp_path / "dawdling").exists, kills=0, life=4, seconds=60)

    assert "in dawdle" in (tmp_path / "worker.log").read_text()
