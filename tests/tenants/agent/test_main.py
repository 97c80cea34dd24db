"""The agent as a program: its command line, its processes."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenants.agent import files
from tenants.agent.__main__ import ALREADY_RUNNING, NOT_READY, main
from tenants.agent.home import Home
from tenants.agent.ledger import Ledger, Usage
from tests.tenants.agent.homes import home

CODE = Path(__file__).resolve().parents[3]


def run(*arguments: str, isolated: bool = False) -> subprocess.CompletedProcess[str]:
    """`-S`: without any installed package."""
    python = [sys.executable, *(["-S"] if isolated else [])]
    return subprocess.run(
        [*python, "-m", "tenants.agent", *arguments], cwd=CODE, capture_output=True, text=True, timeout=30, check=False
    )


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Home]:
    """A home whose agent, if the test starts one, ends with it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = home(tmp_path, port=port)
    yield made
    pid = files.holder(made.lock)
    if pid:
        os.kill(pid, signal.SIGKILL)


def health(place: Home) -> dict[str, object]:
    settings = files.read_json(place.settings) or {}
    connection = http.client.HTTPConnection("127.0.0.1", settings["port"], timeout=10)
    connection.request("GET", "/health")
    answer: dict[str, object] = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def wait_until_free(place: Home) -> None:
    give_up = time.monotonic() + 20
    while files.held(place.lock):
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_it_needs_nothing_but_python(place: Home) -> None:
    done = run(
        "--home", str(place.root), "record", "--agent", "sales", "--model", "large", "--input", "5", isolated=True
    )

    assert (done.returncode, done.stderr) == (0, "")
    (hour,) = Ledger(place.usage).unreported()
    assert hour.usages == (Usage("sales", "large", 5),)
    started = run("--home", str(place.root), "--detach", isolated=True)
    assert (started.returncode, started.stderr) == (0, "")
    assert health(place)["status"] == "healthy"


def test_use_is_recorded_by_command(place: Home) -> None:
    command = ["--home", str(place.root), "record", "--agent", "sales", "--model", "large"]
    more = ["--output", "2", "--cache-read", "3", "--cache-write", "4", "--web-searches", "5", "--web-fetches", "6"]
    assert main([*command, "--input", "1", *more]) == 0

    (hour,) = Ledger(place.usage).unreported()
    assert hour.usages == (Usage("sales", "large", 1, 2, 3, 4, 5, 6),)


def test_use_that_cannot_be_is_refused(place: Home, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--home", str(place.root), "record", "--agent", "sales", "--model", "large", "--input", "-5"]

    assert main(command) == NOT_READY
    assert "never negative" in capsys.readouterr().err
    assert not place.usage.exists()


def test_without_settings_it_does_not_begin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(tmp_path)]) == NOT_READY
    assert "settings.json is missing" in capsys.readouterr().err


def test_one_agent_runs_on_a_home_and_ends_cleanly_when_asked(place: Home) -> None:
    assert run("--home", str(place.root), "--detach").returncode == 0

    second = run("--home", str(place.root))
    assert second.returncode == ALREADY_RUNNING
    assert "already runs" in second.stderr
    pid = files.holder(place.lock)
    assert pid
    os.kill(pid, signal.SIGTERM)
    wait_until_free(place)

    log = place.log.read_text()
    assert "Listening on" in log
    assert log.endswith("Stopped\n")
    assert place.output.read_text() == ""


def test_a_killed_agent_leaves_nothing_in_the_way_of_the_next(place: Home) -> None:
    assert run("--home", str(place.root), "--detach").returncode == 0
    pid = files.holder(place.lock)
    assert pid
    os.kill(pid, signal.SIGKILL)
    wait_until_free(place)

    assert run("--home", str(place.root), "--detach").returncode == 0
    assert files.holder(place.lock) not in {None, pid}
    assert health(place)["registered"] is True


def test_a_port_that_is_taken_is_told_at_once(place: Home) -> None:
    settings = files.read_json(place.settings) or {}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", settings["port"]))
        taken.listen()
        done = run("--home", str(place.root), "--detach")

    assert done.returncode == NOT_READY
    assert "Address already in use" in done.stderr


def test_a_demonstrations_load_is_asked_for_by_name(place: Home) -> None:
    assert run("--home", str(place.root), "--demo-load", "1000", "--detach").returncode == 0
    assert health(place)["status"] == "healthy"
