"""What setting up a server consists of. Each step may be repeated, and changes nothing when all is as it should be."""

import json
import random
import socket
import time
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from tenants.agent import files
from tenants.agent.__main__ import ALREADY_RUNNING
from tenants.agent.home import NotReady, Settings
from tenants.provisioner import programs
from tenants.provisioner.journal import Journal
from tenants.provisioner.layout import Request, Tenant

# Below the range that the kernel takes ports for outgoing connections from.
PORTS = range(20_000, 32_000)
PORT_TRIES = 200
HEALTH_SECONDS = 20.0
LOOPBACK = "127.0.0.1"


class StepFailed(Exception):
    """The server cannot be set up, and why."""


@dataclass(frozen=True)
class Work:
    """What each step is given."""

    tenant: Tenant
    request: Request
    journal: Journal


def identity(work: Work) -> None:
    """The machine's id is made once: the hub knows the server by it."""
    path = work.tenant.machine_id
    if not path.exists():
        files.write_atomically(path, uuid.uuid4().hex)
    work.journal.line(f"Setting up {work.request.domain}")


def data_directories(work: Work) -> None:
    """A directory of its own for each tool."""
    for tool in work.request.tools:
        work.tenant.data(tool).mkdir(mode=0o700, parents=True, exist_ok=True)
        work.journal.line(f"Data directory of {tool} is ready")


def tool_configuration(work: Work) -> None:
    """Each tool learns its address."""
    for tool in work.request.tools:
        path = work.tenant.tool_configuration(tool)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        wanted = {"tool": tool, "host": f"{tool}.{work.request.domain}", "data": str(work.tenant.data(tool))}
        if files.read_json(path) != wanted:
            files.write_json(path, wanted)
        work.journal.line(f"Configuration of {tool} is written for {wanted['host']}")


def agent_settings(work: Work) -> None:
    """A port, chosen once and kept while it can be used; then what the agent must know before it knows the hub."""
    home = work.tenant.agent
    home.root.mkdir(mode=0o700, exist_ok=True)
    settings = Settings(
        hub_url=work.request.hub_url,
        machine_id=work.tenant.machine_id.read_text(),
        port=_port(work.tenant),
        demo_tokens_per_hour=work.request.demo_tokens_per_hour,
    )
    if files.read_json(home.settings) != settings.as_json():
        files.write_json(home.settings, settings.as_json())
    work.journal.line(f"The agent will listen on port {settings.port} and report to {settings.hub_url}")


def start_agent(work: Work) -> None:
    """Detached, in a session of its own: it outlives this program and the hub."""
    done = programs.start("tenants.agent", "--home", str(work.tenant.agent.root), "--detach")
    if done.returncode not in {0, ALREADY_RUNNING}:
        raise StepFailed(f"The agent did not start: {done.stderr.strip()}")
    work.journal.line("The agent is started")


def agent_health(work: Work) -> None:
    """The agent answers for itself."""
    address = f"{Settings.read(work.tenant.agent).agent_url}/health"
    give_up = time.monotonic() + HEALTH_SECONDS
    while not _healthy(address):
        if time.monotonic() > give_up:
            raise StepFailed(f"The agent does not answer on {address}; see {work.tenant.agent.log}")
        time.sleep(0.1)
    work.journal.line(f"The agent is healthy: process {files.holder(work.tenant.agent.lock)}")


STEPS: tuple[Callable[[Work], None], ...] = (
    identity,
    data_directories,
    tool_configuration,
    agent_settings,
    start_agent,
    agent_health,
)


def _port(tenant: Tenant) -> int:
    try:
        kept = Settings.read(tenant.agent).port
    except NotReady:
        kept = 0
    if kept and (files.held(tenant.agent.lock) or _is_free(kept)):
        return kept
    for port in random.sample(PORTS, PORT_TRIES):
        if _is_free(port):
            return port
    raise StepFailed("No port is free for the agent")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 - our own loopback address
            return bool(json.load(answer)["status"] == "healthy")
    except (OSError, ValueError, KeyError):
        return False
