"""Durable work: what it did step by step, and how to start it again."""

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin

from platform_core import workflow
from platform_core.admin.base import Operation, StaffInline, StaffModelAdmin
from platform_core.models import Effect, Job, JobLog, StepRun


class StepRunInline(StaffInline):
    """Every try of every step."""

    model = StepRun
    fields = ("step", "attempt", "outcome", "detail", "started_at", "duration_ms")


class EffectInline(StaffInline):
    """What the job made outside."""

    model = Effect
    fields = ("key", "provider", "kind", "state", "external_id", "planned_at", "done_at")


class JobLogInline(StaffInline):
    """The log, as customers see it."""

    model = JobLog
    fields = ("at", "step", "stream", "text")
    per_page = 100


@admin.register(Job)
class JobAdmin(StaffModelAdmin[Job]):
    """A run of a workflow."""

    list_display = ("kind", "subject", "state", "step", "attempt", "wait_reason", "error_code", "created_at")
    list_filter = ("status", "kind", "step")
    search_fields = ("subject_id", "organization_id", "idempotency_key", "error")
    date_hierarchy = "created_at"
    inlines = (StepRunInline, EffectInline, JobLogInline)
    operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "retry",
            "Start again where it failed",
            "platform_core.retry_job",
            lambda job, by: workflow.retry(job, by=by),
            offered=lambda job: job.status == Job.Status.FAILED,
        ),
        Operation(
            "cancel",
            "Ask it to stop",
            "platform_core.retry_job",
            lambda job, by: workflow.cancel(job, by=by),
            offered=lambda job: job.status not in Job.ENDED,
            is_dangerous=True,
        ),
    )

    @admin.display(description="About")
    def subject(self, job: Job) -> str:
        return f"{job.subject_type} {str(job.subject_id)[-12:]}"
