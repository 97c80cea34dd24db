"""Orders on their way with the back end that sets nothing up, and what must hold when they have come through."""

from collections import Counter

from platform_core.models import AuditEvent, Effect, Job, JobLog, Mail
from tenants.clients import fake_provisioner as fake
from tenants.clients.fake_provisioner import FakeProvisioner
from tenants.models import ConfigRevision, Order, Server
from tenants.services import heartbeats, orders, registration
from tenants.services.registration import Introduction
from tests import make
from tests.tenants.conftest import RunJob

ADDRESS = "http://127.0.0.1:9"


def opened() -> Order:
    """An order of one tool, with its job."""
    plan = make.hosting_plan(features=["ghost"])
    order = orders.open_order(make.subscription(plan=plan), by=make.user())
    assert order is not None
    return order


def job_of(order: Order) -> Job:
    """Its job."""
    job = orders.job_of(order)
    assert job is not None
    return job


def beat(order: Order, back_end: FakeProvisioner) -> None:
    """What the server's agent does once it has its token."""
    registered = registration.register(Introduction(back_end.token(order.pk), "machine-1", ADDRESS, "0.1.0"))
    assert heartbeats.receive(registered.hub_api_key, {"status": "healthy", "configVersion": 0}) is not None


def run_to(step: str, job: Job, run_step: RunJob) -> Job:
    """Run until the job stands at a step for the first time."""
    for _ in range(30):
        if job.step == step:
            return job
        run_step(job)
    raise AssertionError(f"The job did not come to {step}, it stands at {job.step}: {job.error}")


def go_on(order: Order, job: Job, back_end: FakeProvisioner, run_step: RunJob) -> Job:
    """Run the step that the job stands at; the server is heard when the job waits for it."""
    if job.step == "await_heartbeat" and not order.server.beat.beat_count:
        beat(order, back_end)
    return run_step(job)


def finish(order: Order, back_end: FakeProvisioner, run_step: RunJob) -> Job:
    """Run to the end."""
    job = job_of(order)
    for _ in range(60):
        if job.status in Job.ENDED:
            order.refresh_from_db()
            return job
        go_on(order, job, back_end, run_step)
    raise AssertionError(f"The job does not end, it stands at {job.step}: {job.error or job.wait_reason}")


def assert_done_once(order: Order, back_end: FakeProvisioner) -> None:
    """Whatever happened on the way: everything is there, and nothing twice."""
    order.refresh_from_db()
    assert order.status == Order.Status.FULFILLED, order.failure
    made = Counter(line for line in back_end.made.read_text().splitlines() if str(order.pk) in line)
    assert made == {f"machine {order.pk}": 1, f"run {order.pk}": 1}
    assert Mail.objects.filter(idempotency_key=f"server_ready:{order.pk}").count() == 1
    assert ConfigRevision.objects.filter(order=order).count() == 1
    assert Server.objects.filter(order=order).count() == 1
    said = [line.text for line in JobLog.objects.filter(job=job_of(order), stream="output").order_by("pk")]
    assert said == list(fake.LINES)
    effects = Effect.objects.filter(job=job_of(order))
    assert sorted(effects.values_list("kind", flat=True)) == ["registration_token", "run", "server"]
    assert not effects.filter(state=Effect.State.PLANNED).exists()
    moves = AuditEvent.objects.filter(action="order.status", target_id=str(order.pk))
    assert [event.changes["status"] for event in moves.order_by("pk")] == [
        "AWAITING_SERVER",
        "SERVER_READY",
        "DNS_PENDING",
        "DNS_READY",
        "PROVISIONING",
        "FULFILLED",
    ]
