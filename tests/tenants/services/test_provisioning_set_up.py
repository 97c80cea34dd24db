"""The first half: a server, its names, and what is installed on it."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from platform_core import clock
from platform_core.models import Effect, Job, JobLog
from tenants.clients import fake_provisioner as fake
from tenants.clients.fake_provisioner import FakeProvisioner
from tenants.models import DnsRecord, Order
from tests import name_server
from tests.clocks import at
from tests.tenants.conftest import RunJob
from tests.tenants.services.runs import finish, job_of, run_to

Status = Order.Status


def test_a_machine_that_carries_the_orders_mark_is_adopted(
    order: Order, fake_provisioner: FakeProvisioner, run_step: RunJob
) -> None:
    fake_provisioner.reserve(order.pk)

    run_step(job_of(order))

    effect = Effect.objects.get(kind="server")
    assert effect.state == Effect.State.ADOPTED
    assert fake_provisioner.made.read_text() == f"machine {order.pk}\n"


def test_names_that_do_not_lead_to_the_server_are_waited_for(
    order: Order, job: Job, run_step: RunJob, settings: Settings
) -> None:
    Order.objects.update(domain="acme.test", tools=[])
    with name_server.serve({}) as zone:
        settings.DNS_NAMESERVERS = [zone.address]
        run_to("check_dns", job, run_step)

        pauses = []
        for _ in range(7):
            run_step(job)
            assert job.status == Job.Status.WAITING
            pauses.append(round((job.run_after - clock.now()).total_seconds(), -1))
        assert pauses == [30, 60, 120, 300, 600, 600, 600]
        assert job.wait_reason == "waiting for DNS: acme.test does not exist; next check in 600 s"
        order.refresh_from_db()
        assert order.status == Status.DNS_PENDING
        assert DnsRecord.objects.get().outcome == DnsRecord.Outcome.NXDOMAIN
        # Said once, however often it is found.
        assert JobLog.objects.filter(job=job, text__startswith="DNS is not ready").count() == 1

        zone.zone["acme.test"] = ["127.0.0.1"]
        run_step(job)

    order.refresh_from_db()
    assert (job.step, order.status) == ("run_provisioner", Status.DNS_READY)


def test_names_are_not_waited_for_for_ever(order: Order, job: Job, run_step: RunJob, settings: Settings) -> None:
    Order.objects.update(domain="acme.test", tools=[])
    with name_server.serve({}) as zone:
        settings.DNS_NAMESERVERS = [zone.address]
        run_to("check_dns", job, run_step)
        run_step(job)
        with at(clock.now() + timedelta(hours=73)):
            run_step(job)

    order.refresh_from_db()
    assert (job.status, job.error_code) == (Job.Status.FAILED, "DEADLINE_PASSED")
    assert order.status == Status.FAILED
    assert "acme.test does not exist" in order.failure


def test_an_interrupted_run_is_started_again(
    order: Order, job: Job, fake_provisioner: FakeProvisioner, run_step: RunJob
) -> None:
    run_to("follow_provisioner", job, run_step)
    fake_provisioner.destroy(order.pk)

    run_step(job)

    assert "interrupted" in job.error
    assert fake_provisioner.made.read_text().count("run ") == 2
    finish(order, fake_provisioner, run_step)
    assert order.status == Status.FULFILLED


def test_a_run_is_looked_at_closely_at_first(
    order: Order, job: Job, run_step: RunJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake, "LINES", tuple(f"line {number}" for number in range(60)))
    run_to("follow_provisioner", job, run_step)
    stopped = clock.wall()
    monkeypatch.setattr(clock, "wall", lambda: stopped)

    pauses = []
    for _ in range(45):
        run_step(job)
        pauses.append((job.run_after - clock.now()).total_seconds())

    assert pauses == [0.5] * 20 + [2.0] * 20 + [10.0] * 5
    assert job.wait_reason == "the provisioner is at work"


def test_a_line_that_is_said_again_is_another_line(
    order: Order, job: Job, fake_provisioner: FakeProvisioner, run_step: RunJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake, "LINES", ("fetching", "no answer", "fetching", "no answer", "done"))

    finish(order, fake_provisioner, run_step)

    said = JobLog.objects.filter(stream="output").order_by("pk").values_list("text", flat=True)
    assert list(said) == list(fake.LINES)
