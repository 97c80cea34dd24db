"""Tenants as processes of this machine."""

import os
import signal
import stat
import time
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from platform_core.errors import UpstreamError
from platform_core.transactions import InsideTransaction
from tenants.agent import files
from tenants.clients import process_provisioner
from tenants.clients.process_provisioner import ProcessProvisioner
from tenants.clients.provisioner import Phase, Plan
from tenants.provisioner.layout import Tenant

ORDER = UUID("00000000-0000-7000-8000-000000000001")
PLAN = Plan(ORDER, "acme.tenants.localhost", ("ghost",), "http://127.0.0.1:9")


def tenant(back_end: ProcessProvisioner) -> Tenant:
    return back_end._tenant(ORDER)


def until(back_end: ProcessProvisioner, phase: Phase) -> None:
    give_up = time.monotonic() + 30
    while back_end.progress(ORDER).phase != phase:
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_a_directory_that_is_not_the_orders_is_left_alone(process_provisioner: ProcessProvisioner) -> None:
    process_provisioner.reserve(ORDER)
    other = str(uuid4())
    files.write_json(tenant(process_provisioner).marker, {"order": other})

    with pytest.raises(UpstreamError, match="another order"):
        process_provisioner.find(ORDER)
    with pytest.raises(UpstreamError, match="another order"):
        process_provisioner.destroy(ORDER)

    assert files.read_json(tenant(process_provisioner).marker) == {"order": other}
    files.write_json(tenant(process_provisioner).marker, {"order": str(ORDER)})


def test_a_killed_provisioner_is_noticed_and_goes_on(process_provisioner: ProcessProvisioner) -> None:
    process_provisioner.start(PLAN)
    until(process_provisioner, Phase.DONE)
    lines = process_provisioner.progress(ORDER).lines
    # As kill -9 before the last line leaves it: the lock is free, there is no exit status.
    run = tenant(process_provisioner).run(1)
    run.exit.unlink()
    run.log.write_text("\n".join(lines[:-1]) + "\nThe server is s")

    assert process_provisioner.progress(ORDER).phase == Phase.INTERRUPTED
    assert process_provisioner.progress(ORDER).lines == lines[:-1]
    assert process_provisioner.start(PLAN) is True
    until(process_provisioner, Phase.DONE)

    assert process_provisioner.progress(ORDER).run == 1
    assert process_provisioner.progress(ORDER).lines == [
        *lines[:-1],
        "The provisioner was interrupted; going on",
        lines[-1],
    ]


def test_a_failure_is_told_with_its_reason(process_provisioner: ProcessProvisioner) -> None:
    process_provisioner.reserve(ORDER)
    (tenant(process_provisioner).root / "data").write_text("in the way")

    process_provisioner.start(PLAN)
    until(process_provisioner, Phase.FAILED)

    assert "data" in process_provisioner.progress(ORDER).reason


def test_a_dead_agent_is_seen_and_started_again(process_provisioner: ProcessProvisioner) -> None:
    process_provisioner.start(PLAN)
    until(process_provisioner, Phase.DONE)
    pid = files.holder(tenant(process_provisioner).agent.lock)
    assert pid
    os.kill(pid, signal.SIGKILL)
    while process_provisioner.progress(ORDER).agent_running:
        time.sleep(0.01)

    assert process_provisioner.start(PLAN) is True
    until(process_provisioner, Phase.DONE)

    assert process_provisioner.progress(ORDER).agent_running
    assert files.holder(tenant(process_provisioner).agent.lock) != pid


def test_a_stopped_tenant_keeps_what_was_set_up(process_provisioner: ProcessProvisioner) -> None:
    process_provisioner.start(PLAN)
    until(process_provisioner, Phase.DONE)

    process_provisioner.stop(ORDER)

    assert not process_provisioner.progress(ORDER).agent_running
    assert tenant(process_provisioner).data("ghost").is_dir()


def test_an_agent_that_will_not_end_is_ended(
    process_provisioner: ProcessProvisioner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenants.clients.process_provisioner.STOP_SECONDS", 1.0)
    process_provisioner.start(PLAN)
    until(process_provisioner, Phase.DONE)
    pid = files.holder(tenant(process_provisioner).agent.lock)
    assert pid
    os.kill(pid, signal.SIGSTOP)

    process_provisioner.stop(ORDER)

    assert not process_provisioner.progress(ORDER).agent_running


def test_a_lock_whose_holder_cannot_be_found_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenants.clients.process_provisioner.STOP_SECONDS", 0.1)
    lock = files.Lock(tmp_path / "lock")
    assert lock.acquire()
    (tmp_path / "lock").write_text("")

    with pytest.raises(UpstreamError, match="cannot be ended"):
        process_provisioner._end_holder(tmp_path / "lock")
    lock.release()


def test_the_token_is_for_the_agents_eyes_only(process_provisioner: ProcessProvisioner) -> None:
    with pytest.raises(UpstreamError, match="could not be delivered"):
        process_provisioner.deliver_token(ORDER, "rt_1")

    process_provisioner.start(PLAN)
    until(process_provisioner, Phase.DONE)
    process_provisioner.deliver_token(ORDER, "rt_1")

    path = tenant(process_provisioner).agent.registration_token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(tenant(process_provisioner).root.stat().st_mode) == 0o700


def test_a_program_that_cannot_be_started_is_an_upstream_error(
    process_provisioner: ProcessProvisioner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(UpstreamError, match="did not start"):
        process_provisioner.start(PLAN)

    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(UpstreamError, match="did not start"):
        process_provisioner.start(PLAN)


def test_nothing_is_set_up_within_a_transaction(process_provisioner: ProcessProvisioner) -> None:
    for call in (
        lambda: process_provisioner.reserve(ORDER),
        lambda: process_provisioner.start(PLAN),
        lambda: process_provisioner.deliver_token(ORDER, "rt_1"),
    ):
        with transaction.atomic(), pytest.raises(InsideTransaction):
            call()
