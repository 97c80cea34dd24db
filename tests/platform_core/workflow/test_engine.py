"""What the engine makes of each answer of a step."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from platform_core import clock, leases
from platform_core.errors import Conflict, UpstreamError
from platform_core.models import Job, JobLog, StepRun
from platform_core.models.leases import LONG_AGO, NEVER
from platform_core.transactions import InsideTransaction
from platform_core.workflow import (
    Again,
    Context,
    Done,
    Fail,
    Next,
    Outcome,
    Retry,
    Step,
    Wait,
    cancel,
    engine,
    wake,
)
from tests import make
from tests.clocks import at
from tests.platform_core.workflow.conftest import Make


def history(job: Job) -> list[tuple[str, int, str]]:
    return list(StepRun.objects.filter(job=job).values_list("step", "attempt", "outcome"))


def answers(*given: Outcome | Exception) -> Any:
    """A step's function that gives these answers in turn."""
    left = list(given)

    def run(context: Context) -> Outcome:
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return run


def due(job: Job) -> None:
    """Let the wait and the back-off pass."""
    Job.objects.filter(pk=job.pk).update(run_after=clock.now(), lease_until=LONG_AGO)


def run(job: Job) -> Job:
    due(job)
    assert engine.run_one("worker")
    job.refresh_from_db()
    return job


def test_steps_follow_each_other_and_hand_on_data(workflow: Make) -> None:
    ended: list[str] = []
    workflow(
        Step("first", answers(Next("second", {"ip": "192.0.2.1"}))),
        Step("second", lambda context: Done({"saw": context.data["ip"]})),
        on_done=lambda job: ended.append(job.status),
    )
    job = make.job(data={"domain": "a.test"})

    run(job)
    assert (job.status, job.step, job.attempt) == (Job.Status.QUEUED, "second", 0)
    run(job)

    assert job.status == Job.Status.DONE
    assert job.data == {"domain": "a.test", "ip": "192.0.2.1", "saw": "192.0.2.1"}
    assert job.finished_at is not None
    assert ended == [Job.Status.DONE]
    assert history(job) == [("first", 1, "OK"), ("second", 1, "OK")]


def test_an_ended_job_is_never_taken_up_again(workflow: Make) -> None:
    workflow(Step("first", answers()))
    for status in Job.ENDED:
        make.job(status=status)

    assert not engine.run_one("worker")


def test_a_job_of_the_future_is_left_alone(workflow: Make) -> None:
    workflow(Step("first", answers(Done())))
    job = make.job(run_after=clock.now() + timedelta(minutes=1))

    assert not engine.run_one("worker")
    assert engine.run_job(job.pk) is False
    with at(clock.now() + timedelta(minutes=2)):
        assert engine.run_job(job.pk) is True


def test_a_wait_has_a_reason_and_an_end(workflow: Make) -> None:
    workflow(Step("first", answers(Wait(40, "3 of 9 names resolve", {"seen": 3}))))
    job = make.job()

    before = clock.now()
    run(job)

    assert (job.status, job.wait_reason, job.data) == (Job.Status.WAITING, "3 of 9 names resolve", {"seen": 3})
    assert before + timedelta(seconds=40) <= job.run_after <= clock.now() + timedelta(seconds=40)
    assert history(job) == [("first", 1, "WAIT")]


def test_a_wait_for_a_signal_lasts_until_somebody_wakes_the_job(workflow: Make) -> None:
    organization = make.organization()
    workflow(Step("first", answers(Wait(None, "no heartbeat yet"), Done())))
    job = make.job(subject_type="orgs.organization", subject_id=organization.pk)

    run(job)
    assert job.run_after == NEVER
    assert wake(organization) == 1
    assert engine.run_one("worker")

    job.refresh_from_db()
    assert job.status == Job.Status.DONE


def test_a_wake_while_the_step_runs_is_not_lost(workflow: Make) -> None:
    organization = make.organization()

    def miss_it(context: Context) -> Outcome:
        wake(organization)
        return Wait(None, "no heartbeat yet")

    workflow(Step("first", miss_it))
    job = make.job(subject_type="orgs.organization", subject_id=organization.pk)

    run(job)

    assert job.status == Job.Status.WAITING
    assert job.run_after <= clock.now()


def test_a_wake_does_not_touch_jobs_that_do_not_wait() -> None:
    organization = make.organization()
    about = {"subject_type": "orgs.organization", "subject_id": organization.pk}
    later = clock.now() + timedelta(hours=1)
    jobs = [make.job(status=status, run_after=later, **about) for status in ("QUEUED", "DONE", "FAILED", "CANCELED")]

    assert wake(organization) == 0
    assert {Job.objects.get(pk=job.pk).run_after for job in jobs} == {later}


def test_failures_are_tried_again_with_growing_pauses_and_then_end_the_job(workflow: Make) -> None:
    failed: list[str] = []
    workflow(
        Step("first", answers(UpstreamError("down"), Again(None, "still down"), ValueError("odd")), retry=Retry(3, 10)),
        on_fail=lambda job: failed.append(job.error_code),
    )
    job = make.job()

    run(job)
    assert (job.status, job.attempt, job.failures, job.error) == (Job.Status.QUEUED, 1, 1, "down")
    assert timedelta(seconds=4) < job.run_after - clock.now() <= timedelta(seconds=10)
    run(job)
    assert timedelta(seconds=9) < job.run_after - clock.now() <= timedelta(seconds=20)
    assert failed == []
    run(job)

    assert (job.status, job.error_code, job.error) == (Job.Status.FAILED, "RETRIES_EXHAUSTED", "ValueError: odd")
    assert failed == ["RETRIES_EXHAUSTED"]
    assert history(job) == [("first", 1, "RETRY"), ("first", 2, "RETRY"), ("first", 3, "FAIL")]


def test_a_try_can_say_itself_when_the_next_one_is(workflow: Make) -> None:
    workflow(Step("first", answers(Again(77, "asked to wait"))))
    job = make.job()

    run(job)

    assert timedelta(seconds=76) < job.run_after - clock.now() <= timedelta(seconds=77)


def test_a_success_forgives_earlier_failures(workflow: Make) -> None:
    workflow(Step("first", answers(Again(0, "no"), Wait(1, "soon"), Again(0, "no"), Done()), retry=Retry(2)))
    job = make.job()

    for _ in range(4):
        run(job)

    assert job.status == Job.Status.DONE
    assert (job.failures, job.error, job.wait_reason) == (0, "", "")


@pytest.mark.parametrize("answer", [Fail("CARD_DECLINED", "no"), Conflict("no", code="CARD_DECLINED")])
def test_a_refusal_is_final(workflow: Make, answer: Fail | Conflict) -> None:
    workflow(Step("first", answers(answer)))
    job = make.job()

    run(job)

    assert (job.status, job.error_code, job.error) == (Job.Status.FAILED, "CARD_DECLINED", "no")
    assert history(job) == [("first", 1, "FAIL")]


@pytest.mark.parametrize("answer", [Wait(600, "no name yet"), Again(600, "no name yet")])
def test_a_deadline_is_noticed_when_it_passes(workflow: Make, answer: Wait | Again) -> None:
    workflow(Step("first", answers(Next("second"))), Step("second", answers(answer, answer), deadline=60))
    job = run(make.job())
    assert job.deadline_at is not None

    run(job)
    assert job.status != Job.Status.FAILED
    assert job.run_after == job.deadline_at
    with at(job.deadline_at):
        assert engine.run_one("worker")

    job.refresh_from_db()
    assert (job.status, job.error_code, job.error) == (Job.Status.FAILED, "DEADLINE_PASSED", "no name yet")


def test_a_step_that_succeeds_after_its_deadline_has_succeeded(workflow: Make) -> None:
    workflow(Step("first", answers(Next("second"))), Step("second", answers(Done()), deadline=60))
    job = run(make.job())

    with at(clock.now() + timedelta(hours=1)):
        assert engine.run_one("worker")

    job.refresh_from_db()
    assert job.status == Job.Status.DONE


def test_a_job_is_stopped_at_the_next_step_boundary(workflow: Make) -> None:
    stopped: list[str] = []
    workflow(
        Step("first", answers(Wait(None, "for ever"))),
        on_cancel=lambda job: stopped.append(job.status),
        on_fail=lambda job: stopped.append(f"failed {job}"),
    )
    job = run(make.job())

    cancel(job, by=make.user(is_staff=True))
    assert engine.run_one("worker")

    job.refresh_from_db()
    assert (job.status, job.error_code) == (Job.Status.CANCELED, "CANCELED")
    assert stopped == [Job.Status.CANCELED]


def test_a_lost_worker_is_nobodys_failure(workflow: Make) -> None:
    workflow(Step("first", answers(Done()), retry=Retry(1)))
    job = make.job()
    assert leases.claim(Job, worker="doomed") is not None

    run(job)

    assert job.status == Job.Status.DONE
    assert [line.text for line in job.log_lines.all()] == ["The worker was lost; another one goes on."]


def test_lost_workers_do_not_use_up_the_tries(workflow: Make) -> None:
    workflow(Step("first", answers(Again(0, "no"), Again(0, "no"), Done()), retry=Retry(3)))
    job = make.job()
    for _ in range(3):
        due(job)
        assert leases.claim(Job, worker="doomed") is not None
        run(job)

    assert (job.status, job.failures) == (Job.Status.DONE, 0)
    assert [outcome for _, _, outcome in history(job)] == ["RETRY", "RETRY", "OK"]


def test_a_job_that_kills_its_workers_is_given_up(workflow: Make) -> None:
    workflow(Step("first", answers()))
    job = make.job()
    for _ in range(engine.MAX_LOST_WORKERS):
        due(job)
        assert leases.claim(Job, worker="doomed") is not None

    run(job)

    assert (job.status, job.error_code) == (Job.Status.FAILED, "WORKER_LOST")


def test_a_result_that_comes_too_late_is_thrown_away(workflow: Make) -> None:
    def overtaken(context: Context) -> Outcome:
        due(context.job)
        assert leases.claim(Job, worker="other") is not None
        return Done()

    done: list[Job] = []
    workflow(Step("first", overtaken), on_done=done.append)
    job = run(make.job())

    assert (job.status, job.worker, job.lease_token) == (Job.Status.RUNNING, "other", 2)
    assert done == []
    assert history(job) == [("first", 1, "FENCED")]


def test_a_worker_that_was_overtaken_makes_nothing_more_outside(workflow: Make) -> None:
    made: list[str] = []

    def overtaken(context: Context) -> Outcome:
        due(context.job)
        assert leases.claim(Job, worker="other") is not None
        made.append(context.effect("dns", "dns", "record").key)
        return Done()

    workflow(Step("first", overtaken))
    job = run(make.job())

    assert made == []
    assert not job.effects.exists()
    assert history(job) == [("first", 1, "FENCED")]


def test_a_hook_commits_with_the_end_or_not_at_all(workflow: Make) -> None:
    calls: list[int] = []

    def fulfil(job: Job) -> None:
        calls.append(1)
        JobLog.objects.create(job=job, seq=f"hook-{len(calls)}", at=clock.now(), step="hook", text="fulfilled")
        if len(calls) == 1:
            raise RuntimeError("once")

    workflow(Step("first", answers(Done({"x": 1}), Done())), on_done=fulfil)
    job = make.job()

    run(job)
    assert (job.status, job.data, job.failures) == (Job.Status.QUEUED, {}, 1)
    assert not job.log_lines.exists()
    run(job)
    assert job.status == Job.Status.DONE
    assert [line.seq for line in job.log_lines.all()] == ["hook-2"]


def test_a_kind_that_this_release_does_not_know_is_left_to_another(workflow: Make) -> None:
    job = run(make.job(kind="of tomorrow"))

    assert (job.status, job.attempt) == (Job.Status.QUEUED, 1)
    assert job.lease_until == LONG_AGO
    assert job.run_after > clock.now()
    assert history(job) == []


def test_a_kind_that_nobody_knows_fails_in_the_end(workflow: Make) -> None:
    workflow(Step("another", answers()))
    job = make.job(attempt=engine.MAX_LOST_WORKERS)

    run(job)

    assert (job.status, job.error_code) == (Job.Status.FAILED, "UNKNOWN_WORKFLOW")


def test_no_step_runs_inside_a_transaction(workflow: Make) -> None:
    workflow(Step("first", answers(Done())))
    job = make.job()

    with pytest.raises(InsideTransaction), transaction.atomic():
        engine.run_one("worker")

    job.refresh_from_db()
    assert (job.status, job.lease_token) == (Job.Status.QUEUED, 0)
    assert connection.in_atomic_block  # the test's own, which does not count


def test_secrets_reach_neither_history_nor_error(workflow: Make) -> None:
    key = "hk_" + "aB3" * 15
    workflow(Step("first", answers(Again(0, f"refused {key}"), Fail("NO", f"refused {key}"))))
    job = make.job()

    run(job)
    assert job.error == "refused [secret]"
    run(job)

    assert job.error == "refused [secret]"
    assert list(job.runs.values_list("detail", flat=True)) == ["refused [secret]", "NO: refused [secret]"]
