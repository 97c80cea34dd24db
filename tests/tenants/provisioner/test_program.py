"""Setting a server up, killed at every line, and started many times at once."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenants.agent import files
from tenants.agent.home import Settings
from tenants.provisioner import program
from tenants.provisioner.__main__ import main
from tenants.provisioner.layout import Request, Tenant
from tenants.provisioner.program import Answer

CODE = Path(__file__).resolve().parents[3]
TOOLS = ("ghost", "odoo")
# Starts the program again and again, each time in a process of its own that kills itself with SIGKILL as soon as it has
# written so many lines; prints how often, and ends when the program did or when enough were killed.
KILLED = """
import os, signal, sys
from pathlib import Path
from tenants.agent import files
from tenants.provisioner import program
from tenants.provisioner.layout import Tenant

tenant, lines, most = Tenant(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])

def start():
    left = lines

    def heard(line):
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    os._exit(program.start(tenant, detach=False, heard=heard))

kills = 0
while kills < most:
    pid = os.fork() or start()
    status = os.waitpid(pid, 0)[1]
    if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
        break
    kills += 1
    assert not files.held(tenant.lock)
print(kills)
"""


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[Tenant]:
    """A tenant with a request; nothing of it outlives the test."""
    made = Tenant(tmp_path / "order-1")
    made.root.mkdir()
    Request("order-1", "acme.tenants.localhost", TOOLS, "http://127.0.0.1:9").save(made.request)
    yield made
    pid = files.holder(made.agent.lock)
    if pid:
        os.kill(pid, signal.SIGKILL)


def killed(tenant: Tenant, *, lines: int, most: int) -> int:
    """How many starts were killed once they had written so many lines."""
    given = [str(tenant.root), str(lines), str(most)]
    done = subprocess.run([sys.executable, "-c", KILLED, *given], cwd=CODE, check=True, stdout=subprocess.PIPE)
    return int(done.stdout)


def agent_pids(tenant: Tenant) -> list[int]:
    """Every process that runs on the tenant's agent directory."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"tenants.agent" in command and str(tenant.agent.root).encode() in command:
            found.append(int(process.name))
    return found


def test_a_server_is_set_up_line_by_line(tenant: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(tenant.root)]) == Answer.STARTED

    (run,) = tenant.runs()
    assert run.ended() == {"status": 0, "reason": ""}
    machine_id = tenant.machine_id.read_text()
    settings = Settings.read(tenant.agent)
    assert files.whole_lines(run.log) == [
        "Setting up acme.tenants.localhost",
        "Data directory of ghost is ready",
        "Data directory of odoo is ready",
        "Configuration of ghost is written for ghost.acme.tenants.localhost",
        "Configuration of odoo is written for odoo.acme.tenants.localhost",
        f"The agent will listen on port {settings.port} and report to http://127.0.0.1:9",
        "The agent is started",
        f"The agent is healthy: process {files.holder(tenant.agent.lock)}",
        "The server is set up",
    ]
    assert tenant.data("odoo").is_dir()
    assert settings.machine_id == machine_id
    assert main(["status", str(tenant.root)]) == 0
    status = json.loads(capsys.readouterr().out)
    assert status == {"running": False, "runs": 1, "ended": run.ended(), "agent": files.holder(tenant.agent.lock)}


def test_killed_at_every_line_it_goes_on_and_says_nothing_twice(tenant: Tenant) -> None:
    """Each start is killed after one more line of its own; together they do the whole work once."""
    kills = killed(tenant, lines=1, most=30)

    (run,) = tenant.runs()
    lines = files.whole_lines(run.log)
    assert run.ended() == {"status": 0, "reason": ""}
    assert kills == len(lines) == 10
    assert len(set(lines)) == len(lines)
    assert lines[1] == "The provisioner was interrupted; going on"
    assert lines[-1] == "The server is set up"
    assert len(agent_pids(tenant)) == 1


def test_a_line_that_was_cut_off_is_written_whole(tenant: Tenant) -> None:
    assert killed(tenant, lines=3, most=1) == 1
    with tenant.run(1).log.open("a") as log:
        log.write("Data direct")

    assert program.start(tenant, detach=False) == Answer.STARTED

    lines = files.whole_lines(tenant.run(1).log)
    assert not any(line.startswith("Data direct") and not line.endswith("is ready") for line in lines)
    assert lines[-1] == "The server is set up"


def test_many_starts_at_once_set_up_one_server(tenant: Tenant) -> None:
    starts = [
        subprocess.Popen([sys.executable, "-m", "tenants.provisioner", "start", str(tenant.root)], cwd=CODE)
        for _ in range(6)
    ]
    answers = sorted(start.wait(30) for start in starts)

    assert answers.count(Answer.STARTED) == 1
    assert set(answers[1:]) <= {Answer.ALREADY_RUNNING, Answer.ALREADY_DONE}
    wait_until_ended(tenant)
    assert len(tenant.runs()) == 1
    assert len(agent_pids(tenant)) == 1


def test_while_one_runs_no_other_begins(tenant: Tenant) -> None:
    running = files.Lock(tenant.lock)
    assert running.acquire()

    assert program.start(tenant, detach=False) == Answer.ALREADY_RUNNING

    assert tenant.runs() == []
    assert not files.held(tenant.agent.lock)
    running.release()


def test_detached_it_answers_at_once_and_needs_nothing_but_python(tenant: Tenant) -> None:
    started = subprocess.run(
        [sys.executable, "-S", "-m", "tenants.provisioner", "start", str(tenant.root)],
        cwd=CODE,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (started.returncode, started.stdout, started.stderr) == (Answer.STARTED, "", "")
    wait_until_ended(tenant)
    assert tenant.run(1).ended() == {"status": 0, "reason": ""}
    assert tenant.output.read_text() == ""


def test_what_is_done_is_not_done_again_but_a_dead_agent_is_started(tenant: Tenant) -> None:
    assert program.start(tenant, detach=False) == Answer.STARTED
    settings = Settings.read(tenant.agent)
    assert program.start(tenant, detach=False) == Answer.ALREADY_DONE

    pid = files.holder(tenant.agent.lock)
    assert pid
    os.kill(pid, signal.SIGKILL)
    while files.held(tenant.agent.lock):
        time.sleep(0.02)
    assert program.start(tenant, detach=False) == Answer.STARTED

    assert files.holder(tenant.agent.lock) not in {None, pid}
    assert Settings.read(tenant.agent) == settings
    assert len(tenant.runs()) == 2


def test_a_failure_tells_why_and_the_next_run_begins_anew(tenant: Tenant) -> None:
    (tenant.root / "data").write_text("in the way")

    assert program.start(tenant, detach=False) == Answer.FAILED
    ended = tenant.run(1).ended()
    assert ended is not None
    assert ended["status"] == 1
    assert "data" in ended["reason"]
    assert files.whole_lines(tenant.run(1).log)[-1] == f"Failed: {ended['reason']}"
    assert not files.held(tenant.agent.lock)

    (tenant.root / "data").unlink()
    assert program.start(tenant, detach=False) == Answer.STARTED
    assert [run.number for run in tenant.runs()] == [1, 2]
    assert tenant.run(1).ended() == ended


def test_the_agent_inherits_nothing_of_the_hubs(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_secret")
    program.start(tenant, detach=False)

    pid = files.holder(tenant.agent.lock)
    environment = Path(f"/proc/{pid}/environ").read_bytes()
    assert b"PATH=" in environment
    assert b"sk_secret" not in environment
    assert b"DATABASE_URL" not in environment
    assert b"DJANGO" not in environment


def test_without_a_request_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert program.start(Tenant(tmp_path), detach=False) == Answer.NO_REQUEST
    assert program.describe(Tenant(tmp_path)) == {"running": False, "runs": 0, "ended": None, "agent": None}


def wait_until_ended(tenant: Tenant) -> None:
    give_up = time.monotonic() + 30
    while not tenant.runs() or tenant.runs()[-1].ended() is None or files.held(tenant.lock):
        assert time.monotonic() < give_up
        time.sleep(0.02)
