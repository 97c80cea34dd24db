"""Where tenants are set up in tests, and how their jobs are run."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from pytest_django import Settings

from platform_core import clock
from platform_core.models import Job
from platform_core.models.leases import LONG_AGO
from platform_core.workflow import engine
from tenants.agent import files
from tenants.clients.fake_provisioner import FakeProvisioner
from tenants.clients.process_provisioner import ProcessProvisioner
from tenants.provisioner.layout import Tenant

RunJob = Callable[[Job], Job]
MEMORY = Path("/dev/shm")  # noqa: S108 - each test has a folder of its own in it
ROOM = 256 * 1024**2


@pytest.fixture
def tmp_path(tmp_path: Path) -> Iterator[Path]:
    """In memory where there is room: waiting until the disk has it took most of the time of setting something up."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=MEMORY, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
def fake_provisioner(tmp_path: Path, settings: Settings) -> FakeProvisioner:
    """The back end that sets nothing up."""
    settings.PROVISIONER = "fake"
    settings.TENANT_ROOT = tmp_path / "tenants"
    settings.TENANT_ROOT.mkdir()
    return FakeProvisioner()


@pytest.fixture
def process_provisioner(tmp_path: Path, settings: Settings) -> Iterator[ProcessProvisioner]:
    """The back end of real processes; none of them outlives the test."""
    settings.PROVISIONER = "process"
    settings.TENANT_ROOT = tmp_path / "tenants"
    yield ProcessProvisioner()
    for directory in settings.TENANT_ROOT.glob("*"):
        kill_all(Tenant(directory))


def kill_all(tenant: Tenant) -> None:
    """The provisioner first, so that it starts no other agent. None is asked to end by itself, which takes longer."""
    for lock in (tenant.lock, tenant.agent.lock):
        while files.held(lock):
            pid = files.holder(lock)
            if pid:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.002)


@pytest.fixture(scope="session", autouse=True)
def _no_tenant_of_the_developers_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The settings' own root may hold servers that somebody runs; tests have another, and nothing there stays."""
    own, settings.TENANT_ROOT = settings.TENANT_ROOT, tmp_path_factory.mktemp("tenants")
    yield
    for directory in settings.TENANT_ROOT.glob("*"):
        ProcessProvisioner().destroy(UUID(directory.name))
    settings.TENANT_ROOT = own


@pytest.fixture
def run_step() -> RunJob:
    """Runs the step that a job stands at, whatever it waits for."""

    def run(job: Job) -> Job:
        Job.objects.filter(pk=job.pk).update(run_after=clock.now(), lease_until=LONG_AGO)
        assert engine.run_job(job.pk)
        job.refresh_from_db()
        return job

    return run
