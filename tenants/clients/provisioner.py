"""What sets servers up, whatever stands behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, cast
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

BACK_ENDS = {
    "process": "tenants.clients.process_provisioner.ProcessProvisioner",
    "fake": "tenants.clients.fake_provisioner.FakeProvisioner",
}


class Phase(StrEnum):
    """How far setting up is."""

    ABSENT = "ABSENT"
    RUNNING = "RUNNING"
    # Ended without saying how: somebody killed it, and it may go on.
    INTERRUPTED = "INTERRUPTED"
    DONE = "DONE"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Machine:
    """A machine that is ours for one order."""

    external_id: str
    ip_address: str
    ssh_port: int


@dataclass(frozen=True)
class Plan:
    """What is to be set up."""

    order_id: UUID
    domain: str
    tools: tuple[str, ...]
    hub_url: str
    demo_tokens_per_hour: int = 0


@dataclass(frozen=True)
class Progress:
    """The latest run: its number and all that it has said so far; where its agent is reached."""

    phase: Phase
    run: int = 0
    lines: Sequence[str] = ()
    reason: str = ""
    agent_url: str = ""
    agent_running: bool = False


class Provisioner(Protocol):
    """A back end. Every call may be repeated: it finds what it made before by the order's id."""

    name: str

    def find(self, order_id: UUID) -> Machine | None:
        """The machine that was reserved for the order."""

    def reserve(self, order_id: UUID) -> Machine:
        """Make a machine the order's."""

    def start(self, plan: Plan) -> bool:
        """Begin to set up, or go on; False when it is being done, or has been."""

    def progress(self, order_id: UUID) -> Progress:
        """How far it is."""

    def deliver_token(self, order_id: UUID, token: str) -> None:
        """Put the registration token where the agent finds it."""

    def stop(self, order_id: UUID) -> None:
        """End whatever runs for the order; what was set up stays."""

    def destroy(self, order_id: UUID) -> None:
        """End and remove everything of the order."""


def provisioner() -> Provisioner:
    """The back end that the settings name."""
    return cast("Provisioner", import_string(BACK_ENDS[settings.PROVISIONER])())
