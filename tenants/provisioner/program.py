"""One run, from the lock to the exit status."""

from collections.abc import Callable
from enum import IntEnum
from subprocess import SubprocessError
from typing import Any

from tenants.agent import detached, files
from tenants.agent.files import Lock
from tenants.provisioner import steps
from tenants.provisioner.journal import Journal
from tenants.provisioner.layout import Request, Run, Tenant


class Answer(IntEnum):
    """How the program answers whoever starts it."""

    STARTED = 0
    FAILED = 1
    NO_REQUEST = 2
    ALREADY_RUNNING = 10
    ALREADY_DONE = 11


def is_done(tenant: Tenant) -> bool:
    """Whether the last run ended well and its agent still runs."""
    runs = tenant.runs()
    ended = runs[-1].ended() if runs else None
    return ended is not None and ended["status"] == 0 and files.held(tenant.agent.lock)


def next_run(tenant: Tenant) -> Run:
    """The run that was killed, to be gone on with; otherwise a new one."""
    runs = tenant.runs()
    if runs and runs[-1].ended() is None:
        return runs[-1]
    return tenant.run(len(runs) + 1)


def set_up(tenant: Tenant, request: Request, run: Run, heard: Callable[[str], None] = lambda _: None) -> Answer:
    """Every step in turn; the exit status is written last."""
    journal = Journal(run, heard)
    if not journal.is_new:
        journal.line("The provisioner was interrupted; going on")
    work = steps.Work(tenant, request, journal)
    try:
        for step in steps.STEPS:
            step(work)
    except (steps.StepFailed, OSError, SubprocessError) as error:
        journal.line(f"Failed: {error}")
        return _end(run, Answer.FAILED, str(error))
    journal.line("The server is set up")
    return _end(run, Answer.STARTED, "")


def _end(run: Run, answer: Answer, reason: str) -> Answer:
    files.write_json(run.exit, {"status": int(answer), "reason": reason})
    return answer


def start(tenant: Tenant, *, detach: bool, heard: Callable[[str], None] = lambda _: None) -> Answer:
    """Run unless another does or all is done. Detached, the answer comes at once and the work goes on behind it."""
    request = Request.read(tenant.request)
    if request is None:
        return Answer.NO_REQUEST
    lock = Lock(tenant.lock)
    if not lock.acquire():
        return Answer.ALREADY_RUNNING
    if is_done(tenant):
        lock.release()
        return Answer.ALREADY_DONE
    if detach and detached.leave(tenant.output):
        return Answer.STARTED
    lock.sign()
    answer = set_up(tenant, request, next_run(tenant), heard)
    lock.release()
    return answer


def describe(tenant: Tenant) -> dict[str, Any]:
    """What a person who looks at a tenant wants to know."""
    runs = tenant.runs()
    return {
        "running": files.held(tenant.lock),
        "runs": len(runs),
        "ended": runs[-1].ended() if runs else None,
        "agent": files.holder(tenant.agent.lock),
    }
