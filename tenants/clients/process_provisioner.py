"""Tenants as directories and processes of this machine: no virtual machine, and nothing of it pretended."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from uuid import UUID

from django.conf import settings

from platform_core import transactions
from platform_core.errors import UpstreamError
from tenants.agent import files
from tenants.agent.home import NotReady, Settings
from tenants.clients.provisioner import Machine, Phase, Plan, Progress
from tenants.provisioner import programs
from tenants.provisioner.layout import Request, Run, Tenant
from tenants.provisioner.program import Answer
from tenants.provisioner.steps import LOOPBACK

SSH_PORT = 22
STOP_SECONDS = 10.0


class ProcessProvisioner:
    """Starts `python -m tenants.provisioner` and reads the files that it leaves."""

    name = "process"

    def __init__(self, root: Path | None = None) -> None:
        self._root = root or settings.TENANT_ROOT

    def find(self, order_id: UUID) -> Machine | None:
        """The directory that carries the order's id."""
        marker = files.read_json(self._tenant(order_id).marker)
        if marker is None:
            return None
        if marker.get("order") != str(order_id):
            raise UpstreamError(f"{self._tenant(order_id).root} belongs to another order.", code="PROVISIONING_FAILED")
        return _machine(order_id)

    def reserve(self, order_id: UUID) -> Machine:
        """A directory; of two who make it at once, one makes the marker and both find it."""
        transactions.outside()
        tenant = self._tenant(order_id)
        tenant.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not tenant.marker.exists():
            files.write_json(tenant.marker, {"order": str(order_id)})
        return _machine(order_id)

    def start(self, plan: Plan) -> bool:
        """Leave the request, start the program; it answers once it holds its lock."""
        transactions.outside()
        self.reserve(plan.order_id)
        tenant = self._tenant(plan.order_id)
        Request(str(plan.order_id), plan.domain, plan.tools, plan.hub_url, plan.demo_tokens_per_hour).save(
            tenant.request
        )
        try:
            done = programs.start("tenants.provisioner", "start", str(tenant.root))
        except (OSError, subprocess.SubprocessError) as error:
            raise UpstreamError(f"The provisioner did not start: {error}", code="PROVISIONING_FAILED") from error
        if done.returncode not in {Answer.STARTED, Answer.ALREADY_RUNNING, Answer.ALREADY_DONE}:
            raise UpstreamError(
                f"The provisioner did not start: {done.stderr.strip()[-300:]}", code="PROVISIONING_FAILED"
            )
        return done.returncode == Answer.STARTED

    def progress(self, order_id: UUID) -> Progress:
        """What the files say. The exit status is read before the log: whoever sees the end sees every line."""
        tenant = self._tenant(order_id)
        runs = tenant.runs()
        if not runs:
            return Progress(Phase.RUNNING if files.held(tenant.lock) else Phase.ABSENT)
        phase, reason = _phase(tenant, runs[-1])
        return Progress(
            phase=phase,
            run=runs[-1].number,
            lines=files.whole_lines(runs[-1].log),
            reason=reason,
            agent_url=_agent_url(tenant),
            agent_running=files.held(tenant.agent.lock),
        )

    def deliver_token(self, order_id: UUID, token: str) -> None:
        """Into a file that only the agent's user reads."""
        transactions.outside()
        try:
            files.write_atomically(self._tenant(order_id).agent.registration_token, token)
        except OSError as error:
            raise UpstreamError(f"The registration token could not be delivered: {error}") from error

    def stop(self, order_id: UUID) -> None:
        """Provisioner first, so that it does not start the agent again."""
        tenant = self._tenant(order_id)
        for lock in (tenant.lock, tenant.agent.lock):
            _end_holder(lock)

    def destroy(self, order_id: UUID) -> None:
        """Only a directory that carries the order's id is removed."""
        if self.find(order_id) is not None:
            self.stop(order_id)
            shutil.rmtree(self._tenant(order_id).root)

    def _tenant(self, order_id: UUID) -> Tenant:
        return Tenant(self._root / str(order_id))


def _machine(order_id: UUID) -> Machine:
    return Machine(external_id=str(order_id), ip_address=LOOPBACK, ssh_port=SSH_PORT)


def _phase(tenant: Tenant, run: Run) -> tuple[Phase, str]:
    # In this order: a run that ends between the two looks has left its exit status by the second.
    running = files.held(tenant.lock)
    ended = run.ended()
    if ended is not None:
        return (Phase.DONE, "") if ended["status"] == 0 else (Phase.FAILED, str(ended["reason"]))
    return (Phase.RUNNING, "") if running else (Phase.INTERRUPTED, "")


def _agent_url(tenant: Tenant) -> str:
    try:
        return Settings.read(tenant.agent).agent_url
    except NotReady:
        return ""


def _end_holder(lock: Path) -> None:
    """Ask the process that holds a lock to end, then make it; its lock tells when it has."""
    began = time.monotonic()
    while files.held(lock):
        waited = time.monotonic() - began
        if waited > 2 * STOP_SECONDS:
            raise UpstreamError(f"The process that holds {lock} cannot be ended.")
        pid = files.holder(lock)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM if waited < STOP_SECONDS else signal.SIGKILL)
        time.sleep(0.05)
