"""A real provisioner, a real agent and a real web server: from a paid order to usage, by way of every message."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from pytest_django import Settings

from billing.models import UsageBucket
from platform_core import worker
from platform_core.models import AuditEvent, Job, JobLog, Mail, WebhookDelivery
from tenants.agent import files
from tenants.agent.configuration import Configuration
from tenants.agent.home import Identity
from tenants.clients.process_provisioner import ProcessProvisioner
from tenants.models import ConfigRevision, Order, Server, ServerBeat
from tenants.provisioner.layout import Tenant
from tenants.services import configuration, orders, provisioning_set_up
from tenants.services.provisioning_set_up import plan_of
from tests import make, web_server
from tests.processes import shared_database

T = TypeVar("T")
PATIENCE = 40.0
CODE = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The application, on a database that its threads share with the test."""
    with shared_database(tmp_path), web_server.serve() as url:
        yield url


@pytest.fixture
def hub(web: str, process_provisioner: ProcessProvisioner, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """Agents end before the server does, and nobody rests for long."""
    settings.BASE_URL = web
    settings.HEARTBEAT_SECONDS = 0.2
    monkeypatch.setattr(provisioning_set_up, "FOLLOW_PAUSES", (0.02,))
    return web


@pytest.fixture
def order(hub: str) -> Order:
    """An order on its way."""
    opened = orders.open_order(make.subscription(plan=make.hosting_plan(features=["ghost"])), by=make.user())
    assert opened is not None
    return opened


@pytest.fixture
def tenant(order: Order, settings: Settings) -> Tenant:
    return Tenant(settings.TENANT_ROOT / str(order.pk))


def until(look: Callable[[], T | None], wanted: str) -> T:
    """Work as the worker does, until something is there."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        worker.round("test")
        found = look()
        if found:
            return found
        time.sleep(0.03)
    raise AssertionError(f"Waited {PATIENCE} s in vain: {wanted}")


def fulfilled(order: Order) -> Job:
    def ended() -> Job | None:
        job = orders.job_of(order)
        return job if job and job.status in Job.ENDED else None

    job = until(ended, "the job ends")
    order.refresh_from_db()
    assert order.status == Order.Status.FULFILLED, order.failure
    return job


def record(tenant: Tenant, agent: str, tokens: int) -> None:
    """What a tenant's agents do when they use tokens."""
    use = ["record", "--agent", agent, "--model", "large", "--input", str(tokens)]
    command = [sys.executable, "-m", "tenants.agent", "--home", str(tenant.agent.root), *use]
    subprocess.run(command, cwd=CODE, check=True)


def metered(**wanted: int) -> Callable[[], bool]:
    """Whether the hub has exactly so many tokens of each agent."""

    def look() -> bool:
        totals: dict[str, int] = {}
        for bucket in UsageBucket.objects.all():
            totals[bucket.agent_code] = totals.get(bucket.agent_code, 0) + bucket.tokens_total
        return totals == wanted

    return look


def kill_agent(tenant: Tenant) -> int:
    pid = files.holder(tenant.agent.lock)
    assert pid
    os.kill(pid, signal.SIGKILL)
    while files.held(tenant.agent.lock):
        time.sleep(0.01)
    return pid


def test_an_order_becomes_a_server_that_is_heard_configured_and_metered(order: Order, tenant: Tenant) -> None:
    job = fulfilled(order)

    output = JobLog.objects.filter(job=job, stream=JobLog.Stream.OUTPUT).order_by("pk")
    assert [line.text for line in output] == files.whole_lines(tenant.run(1).log)
    assert Mail.objects.get().template == "tenants/server_ready"
    server = Server.objects.get()
    assert server.machine_id == tenant.machine_id.read_text()
    assert Identity.read(tenant.agent) is not None
    until(lambda: ServerBeat.objects.filter(seen_config_version=1).exists(), "the configuration is in force")
    assert Configuration.in_force(tenant.agent).body == ConfigRevision.objects.get().body

    record(tenant, "sales", 40)
    until(metered(sales=40), "the use is metered")
    record(tenant, "sales", 2)
    until(metered(sales=42), "the hour is replaced, not added to")

    Order.objects.update(tools=["ghost", "odoo"])
    configuration.publish(Order.objects.get(), reason="one tool more")
    until(lambda: ServerBeat.objects.filter(seen_config_version=2).exists(), "the change is in force")
    assert Configuration.in_force(tenant.agent).body["tools"] == ["ghost", "odoo"]
    until(
        lambda: not WebhookDelivery.objects.exclude(status=WebhookDelivery.Status.DELIVERED).exists(),
        "the agent took our signature",
    )
    assert [entry["payload"]["configVersion"] for entry in files.json_lines(tenant.agent.journal)] == [1, 2]
    forged = httpx.post(f"{server.agent_url}/webhooks/config-update", json={"configVersion": 3})
    assert forged.status_code == 401


def test_an_agent_killed_and_a_key_lost_cost_no_use_and_no_second_server(
    order: Order, tenant: Tenant, process_provisioner: ProcessProvisioner
) -> None:
    fulfilled(order)
    pid = kill_agent(tenant)
    record(tenant, "sales", 7)

    process_provisioner.start(plan_of(order))
    until(metered(sales=7), "what was used while nobody reported is metered")
    assert files.holder(tenant.agent.lock) not in {None, pid}
    assert AuditEvent.objects.filter(action="server.register").count() == 1

    # The hub forgets the key; the token that lies there still fits this machine.
    Server.objects.update(key_digest="p1:forgotten")
    record(tenant, "sales", 3)
    until(metered(sales=10), "the server registered again")

    assert Server.objects.count() == 1
    assert AuditEvent.objects.filter(action="server.register").count() == 2
    assert not AuditEvent.objects.filter(action="server.register_refused").exists()


def test_an_agent_killed_before_it_was_heard_is_started_again(order: Order, tenant: Tenant) -> None:
    until(tenant.runs, "the server is being set up")
    # Nobody works meanwhile, so the job cannot end before the agent does, however slow the machine.
    give_up = time.monotonic() + PATIENCE
    while not tenant.runs()[-1].ended():
        assert time.monotonic() < give_up
        time.sleep(0.01)
    kill_agent(tenant)
    # What it may have said in its last moment was not heard.
    ServerBeat.objects.update(beat_count=0)

    job = fulfilled(order)

    assert "was not running" in " ".join(job.runs.values_list("detail", flat=True))
    assert Server.objects.get().beat.beat_count > 0
