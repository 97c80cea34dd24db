"""Running jobs, one step at a time: claim, run, and write the answer if the job is still ours."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Value, When

from platform_core import clock, context, leases, redaction, scoping, watchdog
from platform_core.errors import DomainError, UpstreamError
from platform_core.models import Job, StepRun
from platform_core.models.leases import NEVER
from platform_core.workflow import registry
from platform_core.workflow.context import Context, Fenced
from platform_core.workflow.control import step_deadline
from platform_core.workflow.definitions import Again, Done, Fail, Next, Outcome, Step, UnknownWorkflow, Wait, Workflow

logger = logging.getLogger(__name__)

# A job whose worker died this often in one step is what kills them.
MAX_LOST_WORKERS = 20


def run_one(worker: str) -> bool:
    """Run one step of the job whose turn it is; False when there is none."""
    return _run(leases.claim(Job, worker=worker))


def run_job(job_id: UUID, worker: str = "direct") -> bool:
    """Run one step of this job, if it is its turn and no other worker has it."""
    return _run(leases.claim(Job, worker=worker, pk=job_id))


def _run(job: Job | None) -> bool:
    if job is not None:
        try:
            _Try(job).run()
        except UnknownWorkflow:
            _leave(job)
    return job is not None


def _leave(job: Job) -> None:
    """Leave a job to a worker whose release knows it, and fail it when none came."""
    logger.warning("This worker does not know step %s of %s.", job.step, job)
    changes: dict[str, Any] = {"status": Job.Status.QUEUED}
    if job.attempt > MAX_LOST_WORKERS:
        changes = {"status": Job.Status.FAILED, "error_code": "UNKNOWN_WORKFLOW", "finished_at": clock.now()}
    leases.settle(job, **changes)


def _refusal(error: DomainError) -> Outcome:
    """An outside system's trouble may pass; a refusal by our own rules will not."""
    return Again(None, error.message) if isinstance(error, UpstreamError) else Fail(error.code, error.message)


@dataclass(frozen=True)
class _Answer:
    """What a try comes to: columns of the job, and a line of its history."""

    outcome: StepRun.Outcome
    detail: str
    changes: dict[str, Any]
    hook: Callable[[Job], None] | None = None


class _Try:
    """One try of the step that a claimed job stands at."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.workflow: Workflow = registry.find(job.kind)
        self.step: Step = self.workflow.step(job.step)
        self.context = Context(job)
        # As they were claimed: a hook that fails undoes in the database what settling wrote to the object as well.
        self.attempt, self.failures, self.data = job.attempt, job.failures, dict(job.data)
        self.started_at = clock.now()
        self.began = time.monotonic()

    def run(self) -> None:
        """Ask the step, write down its answer."""
        working = context.working(f"job:{self.job.pk}", f"job {self.job.kind}")
        with scoping.system(), working:
            try:
                self._settle(self._answer(self._ask()))
            except Fenced:
                self._record_fenced()
            except DomainError as error:
                self._settle(self._answer(_refusal(error)))
            except Exception as error:
                # Whatever it was, it is this job's trouble and not the worker's.
                logger.exception("Step %s of %s failed.", self.step.name, self.job)
                self._settle(self._answer(Again(None, f"{type(error).__name__}: {error}")))

    def _ask(self) -> Outcome | None:
        """What the step says; None when it was not asked because the job is to stop."""
        if self.job.cancel_requested_at is not None:
            return None
        if self.attempt - self.failures > MAX_LOST_WORKERS:
            return Fail("WORKER_LOST", "Every worker that tried this step was lost.")
        if self.attempt - self.failures > 1:
            self.context.log("The worker was lost; another one goes on.")
        with watchdog.keep(self.job, timeout=self.step.timeout):
            return self.step.run(self.context)

    def _answer(self, outcome: Outcome | None) -> _Answer:
        match outcome:
            case None:
                return self._end(Job.Status.CANCELED, StepRun.Outcome.FAIL, Fail("CANCELED", "Stopped on request."))
            case Next():
                return self._next(outcome)
            case Wait():
                return self._wait(outcome)
            case Again():
                return self._again(outcome)
            case Fail():
                return self._end(Job.Status.FAILED, StepRun.Outcome.FAIL, outcome)
            case _:
                return self._done(outcome)

    def _next(self, outcome: Next) -> _Answer:
        step = self.workflow.step(outcome.step)
        changes = self._resting(Job.Status.QUEUED, outcome.data)
        changes |= {"step": step.name, "deadline_at": step_deadline(step, self.job.expires_at)}
        return _Answer(StepRun.Outcome.OK, "", changes)

    def _wait(self, outcome: Wait) -> _Answer:
        reason = self.context.redact(outcome.reason)[:200]
        if self._too_late():
            return self._overdue(reason)
        changes = self._resting(Job.Status.WAITING, outcome.data)
        changes |= {"wait_reason": reason, "run_after": self._unless_woken(self._moment(outcome.seconds))}
        return _Answer(StepRun.Outcome.WAIT, reason, changes)

    def _again(self, outcome: Again) -> _Answer:
        reason = self.context.redact(outcome.reason)[:1000]
        failures = self.failures + 1
        if self._too_late():
            return self._overdue(reason)
        if failures >= self.step.retry.max:
            return self._end(Job.Status.FAILED, StepRun.Outcome.FAIL, Fail("RETRIES_EXHAUSTED", reason))
        delay = outcome.seconds
        if delay is None:
            delay = self.step.retry.delay(failures) * random.uniform(0.5, 1)  # noqa: S311
        changes = {"status": Job.Status.QUEUED, "attempt": failures, "failures": failures, "error": reason}
        changes["run_after"] = self._moment(delay)
        return _Answer(StepRun.Outcome.RETRY, reason, changes)

    def _done(self, outcome: Done) -> _Answer:
        changes = self._resting(Job.Status.DONE, outcome.data) | {"finished_at": clock.now(), "deadline_at": None}
        return _Answer(StepRun.Outcome.OK, "", changes, self.workflow.on_done)

    def _overdue(self, reason: str) -> _Answer:
        return self._end(Job.Status.FAILED, StepRun.Outcome.FAIL, Fail("DEADLINE_PASSED", reason))

    def _end(self, status: Job.Status, outcome: StepRun.Outcome, why: Fail) -> _Answer:
        reason = self.context.redact(why.reason)[:1000]
        hook = self.workflow.on_cancel if status == Job.Status.CANCELED else self.workflow.on_fail
        changes = {"status": status, "error_code": why.code[:60], "error": reason, "finished_at": clock.now()}
        return _Answer(outcome, f"{why.code}: {reason}"[:1000], changes | {"wait_reason": ""}, hook)

    def _resting(self, status: Job.Status, data: Any) -> dict[str, Any]:
        """The columns of a job whose step gave a good answer."""
        return {
            "status": status,
            "data": {**self.data, **data},
            "attempt": 0,
            "failures": 0,
            "error": "",
            "wait_reason": "",
            "run_after": clock.now(),
        }

    def _moment(self, seconds: float | None) -> datetime:
        """When to look again: never later than the deadline, which somebody must notice."""
        moment = NEVER if seconds is None else clock.now() + timedelta(seconds=seconds)
        return min(moment, self.job.deadline_at or NEVER)

    def _unless_woken(self, moment: datetime) -> Case:
        """Later, unless somebody woke the job while its step ran."""
        asleep = When(wake_count=self.job.wake_count, then=Value(moment))
        return Case(asleep, default=Value(clock.now()))

    def _too_late(self) -> bool:
        return self.job.deadline_at is not None and clock.now() >= self.job.deadline_at

    def _settle(self, answer: _Answer) -> None:
        """The answer, its history and what hangs on it, in one commit; nothing of it when the job is not ours."""
        with transaction.atomic():
            if not leases.settle(self.job, **answer.changes):
                self._record_fenced()
                return
            self._record(answer.outcome, answer.detail)
            if answer.hook is not None:
                answer.hook(self.job)

    def _record_fenced(self) -> None:
        self._record(StepRun.Outcome.FENCED, "Another worker has the job.")

    def _record(self, outcome: StepRun.Outcome, detail: str) -> None:
        StepRun.objects.create(
            job=self.job,
            step=self.step.name,
            attempt=self.attempt,
            token=self.job.lease_token,
            outcome=outcome,
            detail=redaction.redact(detail),
            started_at=self.started_at,
            ended_at=clock.now(),
            duration_ms=int((time.monotonic() - self.began) * 1000),
        )
