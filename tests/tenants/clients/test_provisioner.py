"""What every provisioner keeps: one contract for the back end of real processes and for the fake."""

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django import Settings

from tenants.clients.fake_provisioner import FakeProvisioner
from tenants.clients.process_provisioner import ProcessProvisioner
from tenants.clients.provisioner import Phase, Plan, Progress, Provisioner, provisioner


@pytest.fixture
def plan() -> Plan:
    return Plan(uuid4(), "acme.tenants.localhost", ("ghost",), "http://127.0.0.1:9")


@pytest.fixture(params=[FakeProvisioner, ProcessProvisioner])
def back_end(request: pytest.FixtureRequest, tmp_path: Path, plan: Plan) -> Iterator[Provisioner]:
    made: Provisioner = request.param(tmp_path / "tenants")
    yield made
    made.destroy(plan.order_id)


def until_ended(back_end: Provisioner, plan: Plan) -> list[Progress]:
    """Every look at a run until it ends."""
    looks = [back_end.progress(plan.order_id)]
    give_up = time.monotonic() + 30
    while looks[-1].phase in {Phase.RUNNING, Phase.ABSENT}:
        assert time.monotonic() < give_up
        time.sleep(0.01)
        looks.append(back_end.progress(plan.order_id))
    return looks


def test_a_machine_is_reserved_once_and_found_by_its_order(back_end: Provisioner, plan: Plan) -> None:
    assert back_end.find(plan.order_id) is None

    machine = back_end.reserve(plan.order_id)

    assert back_end.reserve(plan.order_id) == machine
    assert back_end.find(plan.order_id) == machine
    assert back_end.find(uuid4()) is None
    assert machine.ip_address == "127.0.0.1"


def test_a_run_says_more_and_more_until_it_is_done(back_end: Provisioner, plan: Plan) -> None:
    assert back_end.progress(plan.order_id) == Progress(Phase.ABSENT)
    assert back_end.start(plan) is True

    looks = until_ended(back_end, plan)

    assert looks[-1].phase == Phase.DONE
    assert looks[-1].run == 1
    assert looks[-1].agent_running
    assert looks[-1].agent_url.startswith("http://127.0.0.1:")
    lines = list(looks[-1].lines)
    assert lines
    for look in looks:
        assert list(look.lines) == lines[: len(look.lines)]


def test_what_is_done_is_not_done_again(back_end: Provisioner, plan: Plan) -> None:
    back_end.start(plan)
    done = until_ended(back_end, plan)[-1]

    assert back_end.start(plan) is False
    assert back_end.progress(plan.order_id) == done


def test_a_token_is_delivered_over_the_one_before(back_end: Provisioner, plan: Plan) -> None:
    back_end.start(plan)
    until_ended(back_end, plan)

    back_end.deliver_token(plan.order_id, "rt_1")
    back_end.deliver_token(plan.order_id, "rt_2")

    assert delivered(back_end, plan) == "rt_2"


def test_what_is_destroyed_is_gone_and_may_be_destroyed_again(back_end: Provisioner, plan: Plan) -> None:
    back_end.start(plan)
    until_ended(back_end, plan)

    back_end.destroy(plan.order_id)
    back_end.destroy(plan.order_id)
    back_end.stop(plan.order_id)

    assert back_end.find(plan.order_id) is None
    assert back_end.progress(plan.order_id) == Progress(Phase.ABSENT)


def test_the_settings_name_the_back_end(settings: Settings) -> None:
    settings.PROVISIONER = "fake"
    assert isinstance(provisioner(), FakeProvisioner)
    settings.PROVISIONER = "process"
    assert isinstance(provisioner(), ProcessProvisioner)


def delivered(back_end: Provisioner, plan: Plan) -> str:
    """The token, where the agent finds it."""
    if isinstance(back_end, FakeProvisioner):
        return back_end.token(plan.order_id)
    assert isinstance(back_end, ProcessProvisioner)
    return back_end._tenant(plan.order_id).agent.registration_token.read_text()
