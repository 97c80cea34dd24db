"""What the rest of the program may do to a job."""

from datetime import timedelta

import pytest
from django.db import transaction

from platform_core import clock
from platform_core.errors import Conflict
from platform_core.models import AuditEvent, Job
from platform_core.workflow import Done, Step, Workflow, cancel, definitions, registry, retry, start
from tests import make
from tests.platform_core.workflow.conftest import Make


def done(context: object) -> Done:
    return Done()


def test_start_queues_the_first_step_about_its_subject(workflow: Make) -> None:
    workflow(Step("first", done, deadline=60), Step("second", done), deadline=30)
    organization = make.organization()

    job = start("test", organization, organization_id=organization.pk, key="provision:1", data={"a": 1})

    assert (job.status, job.step, job.data) == (Job.Status.QUEUED, "first", {"a": 1})
    assert (job.subject_type, job.subject_id) == ("orgs.organization", organization.pk)
    assert job.organization_id == organization.pk
    assert job.expires_at is not None
    assert job.deadline_at == job.expires_at <= clock.now() + timedelta(seconds=30)


def test_the_same_key_is_the_same_job(workflow: Make) -> None:
    workflow(Step("first", done))
    organization = make.organization()

    first = start("test", organization, organization_id=None, key="k", data={"a": 1})
    second = start("test", organization, organization_id=None, key="k", data={"a": 2})

    assert second == first
    assert second.data == {"a": 1}


def test_a_job_is_not_there_when_its_transaction_is_not(workflow: Make) -> None:
    workflow(Step("first", done))
    organization = make.organization()

    with transaction.atomic():
        start("test", organization, organization_id=None, key="k")
        transaction.set_rollback(True)

    assert not Job.objects.exists()


def test_an_unknown_kind_cannot_be_started() -> None:
    with pytest.raises(definitions.UnknownWorkflow):
        start("nothing", make.organization(), organization_id=None, key="k")


def test_a_kind_belongs_to_one_workflow(workflow: Make) -> None:
    workflow(Step("first", done))

    with pytest.raises(ValueError, match="Two workflows are called 'test'"):
        registry.register(Workflow("test", [Step("other", done)]))


def test_retry_starts_a_failed_job_again_where_it_failed(workflow: Make) -> None:
    again: list[Job] = []
    workflow(Step("first", done), Step("second", done, deadline=60), on_retry=again.append)
    staff = make.user(is_staff=True)
    job = make.job(
        status=Job.Status.FAILED,
        step="second",
        error_code="RETRIES_EXHAUSTED",
        error="down",
        attempt=8,
        failures=8,
        deadline_at=clock.now() - timedelta(days=1),
        cancel_requested_at=clock.now(),
        finished_at=clock.now(),
        run_after=clock.now() + timedelta(days=1),
    )

    retry(job, by=staff)

    job.refresh_from_db()
    assert (job.status, job.step, job.error_code, job.error) == (Job.Status.QUEUED, "second", "", "")
    assert (job.attempt, job.failures, job.retry_count) == (0, 0, 1)
    assert job.finished_at is None
    assert job.cancel_requested_at is None
    assert job.run_after <= clock.now()
    assert job.deadline_at is not None
    assert job.deadline_at > clock.now()
    assert again == [job]
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_id, event.target_id) == ("job.retry", str(staff.pk), str(job.pk))
    assert event.changes == {"step": "second", "error_code": "RETRIES_EXHAUSTED"}


@pytest.mark.parametrize("status", [status for status in Job.Status if status != Job.Status.FAILED])
def test_only_a_failed_job_can_be_retried(workflow: Make, status: Job.Status) -> None:
    workflow(Step("first", done))
    job = make.job(status=status)

    with pytest.raises(Conflict):
        retry(job, by=make.user(is_staff=True))

    job.refresh_from_db()
    assert job.status == status
    assert not AuditEvent.objects.exists()


def test_cancel_asks_once_and_is_audited(workflow: Make) -> None:
    workflow(Step("first", done))
    staff = make.user(is_staff=True)
    job = make.job(status=Job.Status.WAITING, run_after=clock.now() + timedelta(days=1))

    asked = cancel(job, by=staff).cancel_requested_at
    cancel(job, by=staff)

    job.refresh_from_db()
    assert job.cancel_requested_at == asked
    assert (job.status, job.wake_count) == (Job.Status.WAITING, 2)
    assert job.run_after <= clock.now()
    assert [event.action for event in AuditEvent.objects.all()] == ["job.cancel", "job.cancel"]


@pytest.mark.parametrize("status", Job.ENDED)
def test_an_ended_job_cannot_be_canceled(status: Job.Status) -> None:
    job = make.job(status=status)

    with pytest.raises(Conflict):
        cancel(job, by=make.user(is_staff=True))

    job.refresh_from_db()
    assert job.cancel_requested_at is None
