"""A back end that sets nothing up, says so line by line, and remembers it in files.

What it does not model: time that passes by itself (each look at it moves it on by one line), and an agent. Its files
outlive a killed worker, and each thing it makes is written down, so that a thing made twice is seen.
"""

import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from platform_core import transactions
from tenants.agent import files
from tenants.clients.provisioner import Machine, Phase, Plan, Progress

LINES = ("The machine is made", "The tools are installed", "The agent is started")


class FakeProvisioner:
    """While a file `failing` lies in its root, runs end badly, for the reason that the file holds."""

    name = "fake"

    def __init__(self, root: Path | None = None) -> None:
        self._root = root or settings.TENANT_ROOT

    def find(self, order_id: UUID) -> Machine | None:
        return _machine(order_id) if self._state(order_id) else None

    def reserve(self, order_id: UUID) -> Machine:
        transactions.outside()
        if not self._state(order_id):
            self._root.mkdir(parents=True, exist_ok=True)
            files.append_line(self.made, f"machine {order_id}")
            self._save(order_id, {"run": 0, "shown": 0, "reason": "", "token": "", "running": False})
        return _machine(order_id)

    def start(self, plan: Plan) -> bool:
        transactions.outside()
        self.reserve(plan.order_id)
        state = self._state(plan.order_id)
        if state["running"] or (state["run"] and not state["reason"]):
            return False
        files.append_line(self.made, f"run {plan.order_id}")
        reason = self.failing.read_text() if self.failing.exists() else ""
        self._save(
            plan.order_id,
            state | {"run": state["run"] + 1, "shown": 0, "reason": reason, "running": True},
        )
        return True

    def progress(self, order_id: UUID) -> Progress:
        state = self._state(order_id)
        if not state or not state["run"]:
            return Progress(Phase.ABSENT)
        shown = min(state["shown"] + 1, len(LINES))
        over = state["shown"] == len(LINES)
        self._save(order_id, state | {"shown": shown, "running": not over})
        phase = Phase.RUNNING
        if over:
            phase = Phase.FAILED if state["reason"] else Phase.DONE
        reason = state["reason"] if over else ""
        return Progress(phase, state["run"], LINES[:shown], reason, "http://127.0.0.1:9", agent_running=over)

    def deliver_token(self, order_id: UUID, token: str) -> None:
        transactions.outside()
        self._save(order_id, self._state(order_id) | {"token": token})

    def stop(self, order_id: UUID) -> None:
        state = self._state(order_id)
        if state:
            self._save(order_id, state | {"running": False})

    def destroy(self, order_id: UUID) -> None:
        shutil.rmtree(self._file(order_id).parent, ignore_errors=True)

    def token(self, order_id: UUID) -> str:
        """What was delivered last: a test registers with it."""
        return str(self._state(order_id)["token"])

    @property
    def failing(self) -> Path:
        """Why runs that begin now are to fail."""
        return self._root / "failing"

    @property
    def made(self) -> Path:
        """One line for each machine and each run that was made."""
        return self._root / "made.log"

    def _file(self, order_id: UUID) -> Path:
        return self._root / str(order_id) / "fake.json"

    def _state(self, order_id: UUID) -> dict[str, Any]:
        return files.read_json(self._file(order_id)) or {}

    def _save(self, order_id: UUID, state: dict[str, Any]) -> None:
        self._file(order_id).parent.mkdir(parents=True, exist_ok=True)
        files.write_json(self._file(order_id), state)


def _machine(order_id: UUID) -> Machine:
    return Machine(external_id=f"fake-{order_id}", ip_address="127.0.0.1", ssh_port=22022)
