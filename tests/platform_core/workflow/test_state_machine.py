"""Every order of events that can befall a job: it keeps its promises after each of them."""

from dataclasses import dataclass, field
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from identity.models import User
from platform_core import clock, leases, workflow
from platform_core.errors import UpstreamError
from platform_core.models import Effect, Job, StepRun
from platform_core.models.leases import LONG_AGO
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
    Workflow,
    engine,
    registry,
)
from tests import make

STEPS = ("reserve", "install", "announce")
MAX_TRIES = 3


def good(step: str) -> Outcome:
    """What a step says when it went well."""
    position = STEPS.index(step)
    return Done() if step == STEPS[-1] else Next(STEPS[position + 1])


@dataclass
class Model:
    """What we believe of the job."""

    status: str = "QUEUED"
    step: str = STEPS[0]
    failures: int = 0
    ended: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    world: list[str] = field(default_factory=list)


class JobMachine(RuleBasedStateMachine):
    """One job, several workers, staff, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.answer: Outcome | Exception = Done()
        self.lost: list[Job] = []

    @initialize()
    def begin(self) -> None:
        for rows in (StepRun.objects.all(), Effect.objects.all(), Job.objects.all()):
            rows.delete()
        make.tampered("DELETE FROM platform_core_auditevent")
        registry.forget("test")
        registry.register(
            Workflow(
                "test",
                [Step(name, self.act, retry=Retry(MAX_TRIES)) for name in STEPS],
                on_done=lambda job: self.model.ended.append(job.status),
                on_fail=lambda job: self.model.ended.append(job.status),
                on_cancel=lambda job: self.model.ended.append(job.status),
            )
        )
        self.staff = User.objects.filter(is_staff=True).first() or make.user(is_staff=True)
        self.subject = make.webhook_endpoint()
        self.job = workflow.start("test", self.subject, organization_id=None, key="job")

    def act(self, context: Context) -> Outcome:
        """Each step makes one thing, and looks before it does."""
        key = context.job.step
        effect = context.effect(key, "world", "thing")
        if effect.state == Effect.State.PLANNED:
            if key not in self.model.world:
                self.model.world.append(key)
            context.done(effect, key)
        if isinstance(self.answer, Exception):
            raise self.answer
        return good(key) if self.answer == Done() else self.answer

    # --- What can happen ---

    @rule(answer=st.sampled_from(["good", "wait", "signal", "again", "down", "broken", "refuse"]))
    def work(self, answer: str) -> None:
        """A worker takes the job, if it is its turn."""
        answers: dict[str, Outcome | Exception] = {
            "good": Done(),
            "wait": Wait(0, "a moment"),
            "signal": Wait(None, "a signal"),
            "again": Again(0, "not yet"),
            "down": UpstreamError("down"),
            "broken": ValueError("broken"),
            "refuse": Fail("NO", "refused"),
        }
        self.answer = answers[answer]
        turn = self.is_its_turn()
        stopping = self.row().cancel_requested_at is not None
        assert engine.run_one("worker") is turn
        if turn:
            self.expect("cancel" if stopping else answer)

    @rule(acts=st.booleans())
    def lose_a_worker(self, *, acts: bool) -> None:
        """A worker takes the job and dies: before the step, or after it and before the answer is written."""
        job = leases.claim(Job, worker="doomed")
        if job is None:
            return
        self.model.status = "RUNNING"
        self.lost.append(job)
        if acts:
            self.answer = Done()
            self.act(Context(job))

    @precondition(lambda self: self.lost)
    @rule(data=st.data())
    def a_lost_worker_comes_back(self, data: st.DataObject) -> None:
        """It stood still, and now writes down its answer: only if nobody has taken the job since."""
        job = self.lost.pop(data.draw(st.integers(0, len(self.lost) - 1)))
        is_ours = self.row().lease_token == job.lease_token and self.model.status == "RUNNING"
        engine._Try(job)._settle(engine._Try(job)._answer(good(job.step)))
        if is_ours:
            self.expect("good")
        else:
            self.model.history.append("FENCED")

    @rule()
    def time_passes(self) -> None:
        """Leases run out, pauses end."""
        Job.objects.exclude(status="WAITING", wait_reason="a signal").update(run_after=clock.now())
        Job.objects.update(lease_until=LONG_AGO)

    @rule()
    def wake(self) -> None:
        workflow.wake(self.subject)

    @precondition(lambda self: self.model.status in Job.CLAIMABLE)
    @rule()
    def ask_to_stop(self) -> None:
        workflow.cancel(self.job, by=self.staff)

    @precondition(lambda self: self.model.status == "FAILED")
    @rule()
    def start_again(self) -> None:
        workflow.retry(self.job, by=self.staff)
        self.model.status, self.model.failures = "QUEUED", 0

    @rule()
    def start_twice(self) -> None:
        assert workflow.start("test", self.subject, organization_id=None, key="job") == self.job

    # --- What we expect ---

    def expect(self, answer: str) -> None:
        """The model's own idea of what an answer comes to."""
        model = self.model
        if answer == "good":
            following = good(model.step)
            model.failures = 0
            model.history.append("OK")
            model.status = "DONE" if isinstance(following, Done) else "QUEUED"
            model.step = following.step if isinstance(following, Next) else model.step
        elif answer in ("wait", "signal"):
            model.status, model.failures = "WAITING", 0
            model.history.append("WAIT")
        elif answer in ("refuse", "cancel") or model.failures + 1 == MAX_TRIES:
            model.status = "CANCELED" if answer == "cancel" else "FAILED"
            model.history.append("FAIL")
        else:
            model.status, model.failures = "QUEUED", model.failures + 1
            model.history.append("RETRY")

    def row(self) -> Job:
        return Job.objects.get()

    def is_its_turn(self) -> bool:
        row = self.row()
        due = row.run_after <= clock.now() and row.lease_until < clock.wall()
        return due and row.status in Job.CLAIMABLE

    @invariant()
    def row_and_model_agree(self) -> None:
        row = self.row()
        assert (row.status, row.step) == (self.model.status, self.model.step)
        assert (row.finished_at is not None) == (row.status in Job.ENDED)
        assert bool(row.error_code) == (row.status in ("FAILED", "CANCELED"))

    @invariant()
    def history_is_only_added_to(self) -> None:
        assert list(StepRun.objects.values_list("outcome", flat=True)) == self.model.history

    @invariant()
    def each_end_was_told_once(self) -> None:
        ends = [entry for entry in self.model.history if entry == "FAIL"]
        assert len(self.model.ended) == len(ends) + (self.model.status == "DONE")

    @invariant()
    def each_thing_was_made_once(self) -> None:
        made: list[Any] = list(Effect.objects.exclude(state="PLANNED").values_list("key", flat=True))
        assert sorted(made) == sorted(self.model.world)
        assert len(set(made)) == len(made)


def test_a_job_keeps_its_promises_whatever_happens() -> None:
    try:
        run_state_machine_as_test(JobMachine, settings=hypothesis_settings(stateful_step_count=40))
    finally:
        registry.forget("test")
