"""Starting, waking, cancelling and repeating jobs: what the rest of the program may do to one."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import F

from platform_core import clock, nudges, scoping
from platform_core.errors import Conflict
from platform_core.models import Job
from platform_core.services import audit
from platform_core.workflow import registry
from platform_core.workflow.definitions import Step, Workflow


def start(
    kind: str, subject: models.Model, *, organization_id: UUID | None, key: str, data: Mapping[str, Any] | None = None
) -> Job:
    """Queue a job about a row, in the transaction that makes it needed. The same key gives the same job."""
    workflow = registry.find(kind)
    expires_at = _later(workflow.deadline)
    # A key is one job's, whoever asks, and a person's own work belongs to no organization.
    with scoping.system():
        job, _ = Job.objects.get_or_create(
            idempotency_key=key,
            defaults={
                "kind": kind,
                "organization_id": organization_id,
                "subject_type": subject._meta.label_lower,
                "subject_id": subject.pk,
                "step": workflow.steps[0].name,
                "data": dict(data or {}),
                "expires_at": expires_at,
                "deadline_at": step_deadline(workflow.steps[0], expires_at),
            },
        )
    nudges.nudge()
    return job


def wake(subject: models.Model) -> int:
    """What the subject's jobs wait for may have happened: they look at once. Not lost on one that is running."""
    waiting = Job.objects.filter(
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        status__in=(Job.Status.WAITING, Job.Status.RUNNING),
    )
    woken = waiting.update(run_after=clock.now(), wake_count=F("wake_count") + 1)
    nudges.nudge()
    return woken


@transaction.atomic
def retry(job: Job, *, by: audit.Person | None) -> Job:
    """Start a failed job again at the step that failed."""
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.status != Job.Status.FAILED:
        raise Conflict("Only a failed job can be started again.")
    audit.record("job.retry", job, by=by, changes={"step": job.step, "error_code": job.error_code})
    workflow = registry.find(job.kind)
    _reopen(job, workflow)
    workflow.on_retry(job)
    nudges.nudge()
    return job


@transaction.atomic
def cancel(job: Job, *, by: audit.Person | None) -> Job:
    """Ask a job to stop; it does at the next step boundary."""
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.status in Job.ENDED:
        raise Conflict("The job is over.")
    job.cancel_requested_at = job.cancel_requested_at or clock.now()
    job.run_after = clock.now()
    job.wake_count += 1
    job.save(update_fields=["cancel_requested_at", "run_after", "wake_count"])
    audit.record("job.cancel", job, by=by)
    nudges.nudge()
    return job


def step_deadline(step: Step, expires_at: datetime | None) -> datetime | None:
    """When a step that begins now must be over: by its own deadline and by the whole job's."""
    moments = [moment for moment in (_later(step.deadline), expires_at) if moment is not None]
    return min(moments, default=None)


def _later(seconds: float | None) -> datetime | None:
    return None if seconds is None else clock.now() + timedelta(seconds=seconds)


def _reopen(job: Job, workflow: Workflow) -> None:
    """Forget the failure, keep the history."""
    job.status = Job.Status.QUEUED
    job.error_code = job.error = job.wait_reason = ""
    job.attempt = job.failures = 0
    job.retry_count += 1
    job.run_after = clock.now()
    job.finished_at = job.cancel_requested_at = None
    job.expires_at = _later(workflow.deadline)
    job.deadline_at = step_deadline(workflow.step(job.step), job.expires_at)
    job.save()
