"""What a workflow is made of: steps, and the answers a step can give."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from platform_core.models import Job

if TYPE_CHECKING:
    from platform_core.workflow.context import Context


@dataclass(frozen=True)
class Next:
    """Go on with this step; `data` is added to the job's."""

    step: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Wait:
    """Run this step again after so many seconds, or (None) when somebody wakes the job."""

    seconds: float | None
    reason: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Again:
    """This try failed: run the step again after so many seconds, or (None) after its back-off."""

    seconds: float | None
    reason: str


@dataclass(frozen=True)
class Fail:
    """The job has failed; only staff can start it again."""

    code: str
    reason: str


@dataclass(frozen=True)
class Done:
    """The job is finished."""

    data: Mapping[str, Any] = field(default_factory=dict)


Outcome = Next | Wait | Again | Fail | Done
Action = Callable[["Context"], Outcome]
Hook = Callable[[Job], None]


@dataclass(frozen=True)
class Retry:
    """How often a failing step is tried, and how long between: base, doubling, at most cap (seconds)."""

    max: int = 8
    base: float = 1.0
    cap: float = 300.0

    def delay(self, failures: int) -> float:
        """The wait after this many failures, before jitter."""
        return float(min(self.base * 2 ** min(failures - 1, 30), self.cap))


@dataclass(frozen=True)
class Step:
    """One step. It runs outside any transaction and may run again at any point: it looks before it makes.

    `timeout`: seconds one try may take; a try that takes longer ends the worker's process.
    `deadline`: seconds within which the step must be over, its waits and tries included.
    """

    name: str
    run: Action
    timeout: float = 45.0
    retry: Retry = Retry()
    deadline: float | None = None


class UnknownWorkflow(LookupError):
    """No app of this process knows the kind, or its step; a worker of another release may."""


def nothing(job: Job) -> None:
    """For a workflow that has nothing to add to its end."""


@dataclass(frozen=True)
class Workflow:
    """Steps under a name, beginning with the first. The hooks run in the transaction that ends or restarts the job."""

    kind: str
    steps: Sequence[Step]
    on_done: Hook = nothing
    on_fail: Hook = nothing
    on_cancel: Hook = nothing
    on_retry: Hook = nothing
    # Seconds within which the whole job must be over.
    deadline: float | None = None

    def step(self, name: str) -> Step:
        """The step of this name."""
        for step in self.steps:
            if step.name == name:
                return step
        raise UnknownWorkflow(f"{self.kind}: {name}")
