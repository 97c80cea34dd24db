"""Single steps where something is in the way."""

import socket
from pathlib import Path

import pytest

from tenants.agent import files
from tenants.agent.home import Settings
from tenants.provisioner import steps
from tenants.provisioner.journal import Journal
from tenants.provisioner.layout import Request, Tenant
from tenants.provisioner.steps import StepFailed, Work


@pytest.fixture
def work(tmp_path: Path) -> Work:
    tenant = Tenant(tmp_path)
    request = Request("order-1", "acme.tenants.localhost", ("ghost",), "http://127.0.0.1:9")
    made = Work(tenant, request, Journal(tenant.run(1)))
    steps.identity(made)
    return made


def test_a_port_is_kept_while_it_is_free_and_left_when_another_took_it(work: Work) -> None:
    steps.agent_settings(work)
    first = Settings.read(work.tenant.agent)
    steps.agent_settings(work)
    assert Settings.read(work.tenant.agent) == first

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first.port))
        taken.listen()
        steps.agent_settings(work)

    assert Settings.read(work.tenant.agent).port != first.port
    assert Settings.read(work.tenant.agent).port in steps.PORTS


def test_no_free_port_is_a_failure(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(steps, "PORTS", range(port, port + 1))
        monkeypatch.setattr(steps, "PORT_TRIES", 1)
        with pytest.raises(StepFailed, match="No port"):
            steps.agent_settings(work)


def test_an_agent_that_does_not_start_says_why(work: Work) -> None:
    work.tenant.agent.root.mkdir()

    with pytest.raises(StepFailed, match=r"settings\.json is missing"):
        steps.start_agent(work)


def test_an_agent_that_does_not_answer_is_a_failure(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "HEALTH_SECONDS", 0.1)
    steps.agent_settings(work)

    with pytest.raises(StepFailed, match="does not answer"):
        steps.agent_health(work)


def test_a_configuration_that_somebody_changed_is_put_right(work: Work) -> None:
    steps.tool_configuration(work)
    path = work.tenant.tool_configuration("ghost")
    right = files.read_json(path)
    files.write_json(path, {"host": "evil.test"})

    steps.tool_configuration(work)

    assert files.read_json(path) == right
    assert right is not None
    assert right["host"] == "ghost.acme.tenants.localhost"
