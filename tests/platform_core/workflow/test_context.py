"""A step's log and its ledger."""

from platform_core.models import Effect, Job, JobLog
from platform_core.workflow import Context
from tests import make


def texts(job: Job) -> list[str]:
    return [line.text for line in job.log_lines.all()]


def test_a_repeated_step_says_nothing_twice() -> None:
    job = make.job()
    for _ in range(2):
        context = Context(job)
        context.log("reserved 192.0.2.1")
        context.log("pulling")
        context.log("pulling")

    assert texts(job) == ["reserved 192.0.2.1", "pulling", "pulling"]


def test_another_step_and_another_run_may_say_the_same() -> None:
    job = make.job()
    Context(job).log("looking")
    job.step = "second"
    Context(job).log("looking")
    job.retry_count = 1
    Context(job).log("looking")

    assert [(line.step, line.text) for line in job.log_lines.all()] == [
        ("first", "looking"),
        ("second", "looking"),
        ("second", "looking"),
    ]


def test_a_numbered_line_is_stored_once() -> None:
    job = make.job()
    Context(job).log("pulling layer 1", seq="out:1", stream=JobLog.Stream.OUTPUT)
    Context(job).log("pulling layer 1 again", seq="out:1", stream=JobLog.Stream.OUTPUT)

    line = job.log_lines.get()
    assert (line.seq, line.stream, line.text) == ("out:1", "output", "pulling layer 1")


def test_a_long_line_is_cut() -> None:
    job = make.job()
    Context(job).log("x" * 5000)

    assert texts(job) == ["x" * 4000]


def test_secrets_are_blotted_out() -> None:
    job = make.job()
    context = Context(job)
    password = context.secret("correct horse")
    context.log(f"password {password}, key hk_{'aB3' * 15}")

    assert texts(job) == ["password [secret], key [secret]"]


def test_an_effect_is_planned_then_done_and_found_again() -> None:
    job = make.job()
    planned = Context(job).effect("server", "process", "directory")
    assert (planned.state, planned.done_at) == (Effect.State.PLANNED, None)

    Context(job).done(planned, "dir-1", evidence={"path": "srv"})
    found = Context(job).effect("server", "other", "other")

    assert found == planned
    assert (found.state, found.external_id, found.evidence) == (Effect.State.CREATED, "dir-1", {"path": "srv"})
    assert (found.provider, found.kind) == ("process", "directory")
    assert found.done_at is not None


def test_an_effect_that_was_there_already_is_adopted() -> None:
    job = make.job()
    context = Context(job)

    effect = context.done(context.effect("server", "process", "directory"), "dir-1", adopted=True)

    effect.refresh_from_db()
    assert effect.state == Effect.State.ADOPTED
