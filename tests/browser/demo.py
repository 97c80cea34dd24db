"""The demo as a browser meets it: its address, its logins, its mail and its tenants' agents."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import httpx

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 180.0
PATIENCE = 40.0
T = TypeVar("T")


def until(look: Callable[[], T | None], wanted: str, *, seconds: float = PATIENCE) -> T:
    """Look again and again until something is there."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(f"Waited {seconds:.0f} s in vain: {wanted}")


@dataclass(frozen=True)
class Demo:
    """A running demo. It serves before its company is seeded; its credentials are there when it is."""

    base_url: str
    data_dir: Path
    file: Path
    process: subprocess.Popen[bytes] | None = None

    @cached_property
    def credentials(self) -> dict[str, Any]:
        """Who can sign in with what; waits for the company that they belong to."""
        return until(self._credentials, "the demo's credentials", seconds=READY_SECONDS)

    def _credentials(self) -> dict[str, Any] | None:
        self.check()
        try:
            read: dict[str, Any] = json.loads(self.file.read_text())
        except (OSError, ValueError):
            return None
        return read

    def check(self) -> None:
        """Fails with what a demo that is no more said at last."""
        ended = self.process is not None and self.process.poll() is not None
        assert not ended, (self.file.parent / "demo.log").read_text()

    @property
    def serves(self) -> bool:
        """Whether its pages can be opened."""
        self.check()
        try:
            return httpx.get(self.url("/api/v1/health/ready"), timeout=5).is_success
        except httpx.TransportError:
            return False

    def url(self, path: str) -> str:
        """A page's whole address."""
        return f"{self.base_url}{path}"

    def login(self, who: str) -> tuple[str, str]:
        """The address and password of one of the people in its credentials."""
        person = self.credentials[who]
        return person["email"], person["password"]

    def app_secret(self, who: str) -> str:
        """What feeds a person's authenticator app; nothing for whoever has none."""
        secret: str = self.credentials[who].get("totpSecret", "")
        return secret

    def mailed_link(self, to: str, pattern: str) -> str:
        """The link of this form in the latest mail to an address."""
        return until(lambda: self._link(to, pattern), f"a mail to {to} with {pattern}")

    def _link(self, to: str, pattern: str) -> str | None:
        for file in sorted((self.data_dir / "mail").glob("*"), reverse=True):
            for raw in file.read_bytes().split(b"\n" + b"-" * 79 + b"\n"):
                message = message_from_bytes(raw.strip(), policy=policy.default)
                body = message.get_body(("plain",))
                found = re.search(pattern, body.get_content()) if body and message["To"] == to else None
                if found:
                    return found[0]
        return None

    def use_tokens(self, order_id: str, agent: str, model: str, tokens: int) -> None:
        """The agent of a tenant's server worked; it reports by itself."""
        home = self.data_dir / "tenants" / order_id / "agent"
        record = ["record", "--agent", agent, "--model", model, "--input", str(tokens)]
        command = [sys.executable, "-m", "tenants.agent", "--home", str(home), *record]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def already_running(file: Path) -> Demo:
    """A demo that somebody started with `DATA_DIR=<directory>` and `--credentials <directory>/credentials.json`."""
    return Demo(json.loads(file.read_text())["baseUrl"], file.parent / "demo", file)


@contextmanager
def running(data_dir: Path) -> Iterator[Demo]:
    """Start the demo with a company of its own in it, and end it afterwards."""
    file, port = data_dir / "credentials.json", _free_port()
    with (data_dir / "demo.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo", "--fresh", "--port", str(port), "--credentials", str(file)],
            cwd=ROOT,
            env={**os.environ, "DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "config.settings"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        demo = Demo(f"http://localhost:{port}", data_dir / "demo", file, process)
        until(lambda: demo.serves, "the demo's pages", seconds=READY_SECONDS)
        yield demo
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
