"""From a paid order to a running server: the whole way, killed anywhere on it, failing and going on."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from platform_core.errors import Conflict
from platform_core.models import AuditEvent, Effect, Job, JobLog, Mail, StepRun
from platform_core.workflow import Context, cancel, retry
from tenants.clients import fake_provisioner as fake
from tenants.clients.fake_provisioner import FakeProvisioner
from tenants.models import Order, Server
from tenants.services import orders, provisioning
from tests import make
from tests.billing import state
from tests.tenants.conftest import RunJob
from tests.tenants.services.runs import ADDRESS, assert_done_once, beat, finish, go_on, job_of, opened, run_to

Status = Order.Status


def test_an_order_goes_its_whole_way(order: Order, fake_provisioner: FakeProvisioner, run_step: RunJob) -> None:
    job = finish(order, fake_provisioner, run_step)

    assert job.status == Job.Status.DONE
    assert_done_once(order, fake_provisioner)
    assert order.fulfilled_at is not None
    mail = Mail.objects.get()
    assert (mail.template, mail.to) == ("tenants/server_ready", order.customer.email)
    assert order.domain in mail.subject
    assert order.dashboard_url in mail.text
    assert order.dashboard_url in mail.html
    server = Server.objects.get()
    assert (server.provider, server.status, server.agent_url) == ("fake", "online", ADDRESS)
    moves = AuditEvent.objects.filter(action="order.status")
    assert set(moves.values_list("actor_type", "actor_id", "actor_label", "product")) == {
        ("system", f"job:{job.pk}", "job provision_order", order.subscription.plan.product.code)
    }
    server_effect = Effect.objects.get(kind="server")
    assert (server_effect.state, server_effect.external_id) == ("CREATED", f"fake-{order.pk}")


def test_no_secret_is_in_the_jobs_data_or_log(
    order: Order, fake_provisioner: FakeProvisioner, run_step: RunJob
) -> None:
    job = finish(order, fake_provisioner, run_step)

    token = fake_provisioner.token(order.pk)
    written = str(job.data) + "".join(JobLog.objects.values_list("text", flat=True))
    written += str(list(Effect.objects.values())) + "".join(StepRun.objects.values_list("detail", flat=True))
    assert token not in written
    assert "rt_" not in written


def test_every_step_may_run_twice(order: Order, fake_provisioner: FakeProvisioner, run_step: RunJob) -> None:
    """As when a worker is killed after all that a step did, and before its answer was written."""
    job = job_of(order)
    while job.status not in Job.ENDED:
        if job.step == "await_heartbeat" and not order.server.beat.beat_count:
            beat(order, fake_provisioner)
        provisioning.PROVISION_ORDER.step(job.step).run(Context(job))
        run_step(job)

    assert_done_once(order, fake_provisioner)


class Killed(BaseException):
    """SIGKILL, as far as one process can play it."""


@contextmanager
def killed_after(commits: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """The worker dies right after its so-manieth commit."""
    state = {"depth": 0, "commits": 0}
    enter, leave = transaction.Atomic.__enter__, transaction.Atomic.__exit__

    def counting_enter(self: transaction.Atomic) -> None:
        enter(self)
        state["depth"] += 1

    def counting_exit(self: transaction.Atomic, *error: Any) -> None:
        leave(self, *error)
        state["depth"] -= 1
        if state["depth"] == 0 and error == (None, None, None):
            state["commits"] += 1
            if state["commits"] == commits:
                raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(transaction.Atomic, "__enter__", counting_enter)
        patched.setattr(transaction.Atomic, "__exit__", counting_exit)
        yield state


@contextmanager
def undone(back_end: FakeProvisioner) -> Iterator[None]:
    """What the block writes, rows and files, is as if it had never been."""
    root = back_end.made.parent
    aside = root.with_name("aside")
    shutil.copytree(root, aside)
    try:
        with state.undone():
            yield
    finally:
        shutil.rmtree(root)
        aside.rename(root)


def kills_within_a_step(
    pk: UUID, fake_provisioner: FakeProvisioner, run_step: RunJob, monkeypatch: pytest.MonkeyPatch
) -> int:
    """From where the order stands, a worker dies after each commit of its step in turn, and another does the rest."""
    for commits in count(1):
        order = Order.objects.get(pk=pk)
        with undone(fake_provisioner), killed_after(commits, monkeypatch):
            try:
                go_on(order, job_of(order), fake_provisioner, run_step)
            except Killed:
                # The fuse is spent: what follows is the next worker.
                finish(Order.objects.get(pk=pk), fake_provisioner, run_step)
                assert_done_once(order, fake_provisioner)
            else:
                return commits - 1
    raise AssertionError


def test_a_worker_killed_after_any_of_its_commits_is_followed_by_one_that_goes_on(
    fake_provisioner: FakeProvisioner, run_step: RunJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake, "LINES", fake.LINES[:1])
    order, kills = opened(), 0
    job = job_of(order)
    while job.status not in Job.ENDED:
        kills += kills_within_a_step(order.pk, fake_provisioner, run_step, monkeypatch)
        go_on(order, job, fake_provisioner, run_step)

    assert_done_once(order, fake_provisioner)
    # Every step has at least one commit of its own and one for its answer.
    assert kills > 2 * len(provisioning.PROVISION_ORDER.steps)


# --- Failing and starting again ---------------------------------------------------------------------------------------


def test_a_run_that_fails_fails_the_order_and_staff_start_it_again(
    order: Order, job: Job, fake_provisioner: FakeProvisioner, run_step: RunJob
) -> None:
    fake_provisioner.failing.write_text("No room left on the machine.")
    while job.status not in Job.ENDED:
        run_step(job)

    order.refresh_from_db()
    assert (job.status, job.error_code) == (Job.Status.FAILED, "PROVISIONING_FAILED")
    assert (order.status, order.failure) == (Status.FAILED, "No room left on the machine.")
    assert not Mail.objects.exists()
    assert list(JobLog.objects.filter(stream="output").values_list("text", flat=True)) == list(fake.LINES)

    fake_provisioner.failing.unlink()
    staff = make.user(is_staff=True)
    again = orders.start_provisioning(order, by=staff)

    assert again.pk == job.pk
    order.refresh_from_db()
    assert (order.status, order.failure) == (Status.DNS_READY, "")
    assert finish(order, fake_provisioner, run_step).status == Job.Status.DONE
    assert order.status == Status.FULFILLED
    assert fake_provisioner.made.read_text().count("run ") == 2
    assert list(Effect.objects.filter(kind="run").values_list("key", "state")) == [
        ("run:0", "CREATED"),
        ("run:1", "CREATED"),
    ]
    assert JobLog.objects.filter(stream="output").count() == 2 * len(fake.LINES)
    actions = set(AuditEvent.objects.filter(actor_id=str(staff.pk)).values_list("action", flat=True))
    assert actions == {"order.provision", "job.retry"}


def test_a_job_that_staff_retry_takes_its_order_along(
    order: Order, job: Job, fake_provisioner: FakeProvisioner, run_step: RunJob
) -> None:
    run_to("issue_registration", job, run_step)
    Job.objects.update(status=Job.Status.FAILED, error="lost")
    provisioning.fail_order(Job.objects.get())
    order.refresh_from_db()
    assert order.status == Status.FAILED

    retry(job, by=make.user(is_staff=True))

    order.refresh_from_db()
    assert (order.status, Job.objects.get().step) == (Status.PROVISIONING, "issue_registration")
    finish(order, fake_provisioner, run_step)
    assert order.status == Status.FULFILLED


# --- Orders that others moved -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["reserve_server", "check_dns", "run_provisioner", "fulfil"])
def test_a_canceled_order_is_not_provisioned(
    step: str, order: Order, job: Job, fake_provisioner: FakeProvisioner, run_step: RunJob
) -> None:
    Job.objects.update(step=step)
    job.refresh_from_db()
    make_server = step != "reserve_server"
    if make_server:
        make.server(order)
    orders.move(order, Status.CANCELED)

    run_step(job)

    order.refresh_from_db()
    assert (job.status, job.error_code) == (Job.Status.FAILED, "CONFLICT")
    assert order.status == Status.CANCELED
    assert not fake_provisioner.made.exists()
    assert not Mail.objects.exists()
    with pytest.raises(Conflict):
        orders.start_provisioning(order, by=make.user(is_staff=True))


def test_a_canceled_job_leaves_its_order_to_staff(order: Order, job: Job, run_step: RunJob) -> None:
    cancel(job, by=make.user(is_staff=True))
    run_step(job)

    order.refresh_from_db()
    assert job.status == Job.Status.CANCELED
    assert order.status == Status.PAYMENT_CONFIRMED
