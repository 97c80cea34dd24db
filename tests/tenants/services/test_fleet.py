"""Servers that should run and do not."""

import os
import signal
import time

import pytest
from pytest_django import Settings

from tenants.agent import files
from tenants.clients.process_provisioner import ProcessProvisioner
from tenants.clients.provisioner import Phase
from tenants.models import Order
from tenants.provisioner.layout import Tenant
from tenants.services import fleet
from tenants.services.provisioning_set_up import plan_of
from tests import make


@pytest.fixture
def order(process_provisioner: ProcessProvisioner) -> Order:
    """A customer's order whose server runs."""
    fulfilled = make.order(status=Order.Status.FULFILLED, tools=["ghost"])
    make.server(fulfilled)
    process_provisioner.start(plan_of(fulfilled))
    while process_provisioner.progress(fulfilled.pk).phase != Phase.DONE:
        time.sleep(0.01)
    return fulfilled


def kill(order: Order, settings: Settings) -> None:
    lock = Tenant(settings.TENANT_ROOT / str(order.pk)).agent.lock
    pid = files.holder(lock)
    assert pid
    os.kill(pid, signal.SIGKILL)
    while files.held(lock):
        time.sleep(0.01)


def test_a_dead_agent_is_started_again_and_a_living_one_left_alone(
    order: Order, process_provisioner: ProcessProvisioner, settings: Settings
) -> None:
    assert fleet.revive() == {"started": 0, "failed": 0}
    kill(order, settings)

    assert fleet.revive() == {"started": 1, "failed": 0}

    while process_provisioner.progress(order.pk).phase != Phase.DONE:
        time.sleep(0.01)
    assert process_provisioner.progress(order.pk).agent_running


@pytest.mark.parametrize("change", [{"status": Order.Status.SUSPENDED}, {"status": Order.Status.PROVISIONING}])
def test_only_fulfilled_orders_have_a_server_to_run(
    order: Order, process_provisioner: ProcessProvisioner, settings: Settings, change: dict[str, str]
) -> None:
    kill(order, settings)
    Order.objects.update(**change)

    assert fleet.revive() == {"started": 0, "failed": 0}
    assert not process_provisioner.progress(order.pk).agent_running


def test_servers_of_another_back_end_are_not_ours_to_start(order: Order, settings: Settings) -> None:
    kill(order, settings)
    settings.PROVISIONER = "fake"

    assert fleet.revive() == {"started": 0, "failed": 0}


def test_a_server_that_is_not_there_is_not_made(process_provisioner: ProcessProvisioner) -> None:
    missing = make.server(make.order(status=Order.Status.FULFILLED)).order

    assert fleet.revive() == {"started": 0, "failed": 0}
    assert process_provisioner.find(missing.pk) is None


def test_one_that_cannot_be_started_is_told_of(
    order: Order, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kill(order, settings)
    monkeypatch.setattr("sys.executable", "/nowhere/python")

    assert fleet.revive() == {"started": 0, "failed": 1}
    assert order.domain in caplog.text
