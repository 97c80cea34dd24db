"""The second half: a token, the first heartbeat, and what comes of it."""

from datetime import timedelta

from platform_core import clock
from platform_core.models import Effect, Job
from platform_core.models.leases import NEVER
from platform_core.workflow import Context
from tenants.clients.fake_provisioner import FakeProvisioner
from tenants.models import Order, RegistrationToken
from tenants.services import provisioning
from tests.clocks import at
from tests.tenants.conftest import RunJob
from tests.tenants.services.runs import assert_done_once, beat, finish, run_to

Status = Order.Status


def test_a_token_that_may_not_have_arrived_is_void(
    order: Order, job: Job, fake_provisioner: FakeProvisioner, run_step: RunJob
) -> None:
    run_to("issue_registration", job, run_step)
    provisioning.PROVISION_ORDER.step("issue_registration").run(Context(job))
    lost = fake_provisioner.token(order.pk)

    run_step(job)

    assert fake_provisioner.token(order.pk) != lost
    assert RegistrationToken.objects.filter(revoked_at=None).count() == 1
    assert Effect.objects.filter(kind="registration_token").count() == 1


def test_the_first_heartbeat_is_waited_for_and_wakes_the_job(
    order: Order, job: Job, fake_provisioner: FakeProvisioner, run_step: RunJob
) -> None:
    run_to("await_heartbeat", job, run_step)
    run_step(job)
    assert (job.status, job.wait_reason) == (Job.Status.WAITING, "waiting for the server's first heartbeat")
    Job.objects.update(run_after=NEVER)

    beat(order, fake_provisioner)

    job.refresh_from_db()
    assert job.run_after <= clock.now()
    run_step(job)
    assert job.step == "push_config"


def test_a_token_that_expired_unused_is_followed_by_another(
    order: Order, job: Job, fake_provisioner: FakeProvisioner, run_step: RunJob
) -> None:
    run_to("await_heartbeat", job, run_step)
    first = fake_provisioner.token(order.pk)
    RegistrationToken.objects.update(expires_at=clock.now() - timedelta(seconds=1))

    run_step(job)
    assert job.step == "issue_registration"
    run_step(job)

    assert fake_provisioner.token(order.pk) != first
    finish(order, fake_provisioner, run_step)
    assert order.status == Status.FULFILLED


def test_a_server_that_was_heard_needs_no_other_token(
    order: Order, job: Job, fake_provisioner: FakeProvisioner, run_step: RunJob
) -> None:
    run_to("await_heartbeat", job, run_step)
    beat(order, fake_provisioner)
    Job.objects.update(step="issue_registration")

    run_step(job)

    assert job.step == "await_heartbeat"
    assert RegistrationToken.objects.count() == 1


def test_a_token_that_was_used_before_its_delivery_was_written_down_is_known_to_have_arrived(
    order: Order, job: Job, fake_provisioner: FakeProvisioner, run_step: RunJob
) -> None:
    run_to("issue_registration", job, run_step)
    provisioning.PROVISION_ORDER.step("issue_registration").run(Context(job))
    effects = Effect.objects.filter(kind="registration_token")
    effects.update(state="PLANNED", external_id="", done_at=None)
    beat(order, fake_provisioner)

    run_step(job)

    token = RegistrationToken.objects.get()
    assert (token.used_at is not None, token.revoked_at, job.step) == (True, None, "await_heartbeat")
    assert list(effects.values_list("state", "external_id")) == [("ADOPTED", str(token.pk))]
    finish(order, fake_provisioner, run_step)
    assert_done_once(order, fake_provisioner)


def test_an_agent_that_is_not_running_is_started(
    order: Order, job: Job, fake_provisioner: FakeProvisioner, run_step: RunJob
) -> None:
    run_to("await_heartbeat", job, run_step)
    fake_provisioner.destroy(order.pk)

    run_step(job)

    assert "started again" in job.wait_reason
    assert fake_provisioner.made.read_text().count("run ") == 2


def test_a_server_that_is_never_heard_fails_the_order(order: Order, job: Job, run_step: RunJob) -> None:
    run_to("await_heartbeat", job, run_step)
    run_step(job)
    with at(clock.now() + timedelta(minutes=31)):
        run_step(job)

    order.refresh_from_db()
    assert (job.error_code, order.status) == ("DEADLINE_PASSED", Status.FAILED)
    assert order.failure == "waiting for the server's first heartbeat"
