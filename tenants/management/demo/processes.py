"""The demo's process tree: web server, worker, sandbox. Starting, watching and stopping it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STOP_SECONDS = 10
# A child that ends so often in a row so soon after its start is not helped by being started again.
REVIVALS, YOUNG_SECONDS = 5, 10.0


def free_port(wanted: int) -> int:
    """The wanted port, or the next one that nobody listens on."""
    for port in range(wanted, wanted + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"No free port from {wanted} on.")


@dataclass
class ProcessTree:
    """Children in process groups of their own, their output in files, their ids kept for the next start."""

    root: Path
    environment: Mapping[str, str]
    data_dir: Path
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    commands: dict[str, Sequence[str]] = field(default_factory=dict)
    started_at: dict[str, float] = field(default_factory=dict)
    died_young: int = 0

    @property
    def pid_file(self) -> Path:
        """Where the ids of the children stand, so that a start after a crash can end what was left over."""
        return self.data_dir / "demo.pids"

    def log_file(self, name: str) -> Path:
        """A child's output."""
        return self.data_dir / "logs" / f"{name}.log"

    def run(self, *arguments: str) -> str:
        """One management command, to its end; gives what it printed. Its output is shown when it fails."""
        command = [sys.executable, str(self.root / "manage.py"), *arguments]
        done = subprocess.run(command, cwd=self.root, env=dict(self.environment), capture_output=True, check=False)
        if done.returncode:
            sys.stderr.buffer.write(done.stdout + done.stderr)
            raise SystemExit(f"{' '.join(arguments)} failed with status {done.returncode}.")
        return done.stdout.decode()

    def start(self, name: str, command: Sequence[str]) -> None:
        """A child that stays."""
        self.commands[name], self.started_at[name] = command, time.monotonic()
        self.log_file(name).parent.mkdir(parents=True, exist_ok=True)
        with self.log_file(name).open("ab") as log:
            self.children[name] = subprocess.Popen(
                command,
                cwd=self.root,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid_file.write_text("\n".join(str(child.pid) for child in self.children.values()))

    def dead(self) -> str | None:
        """The name of a child that ended by itself."""
        return next((name for name, child in self.children.items() if child.poll() is not None), None)

    @property
    def is_hopeless(self) -> bool:
        """Whether starting again has not helped."""
        return self.died_young == REVIVALS

    def revive(self) -> str | None:
        """Start a child again that ended by itself, as a supervisor would; gives its name."""
        name = self.dead()
        if name is None or self.is_hopeless:
            return None
        is_young = time.monotonic() - self.started_at[name] < YOUNG_SECONDS
        self.died_young = self.died_young + 1 if is_young else 0
        # What it had started may have outlived it, and hold its port.
        _signal_group(self.children[name].pid, signal.SIGKILL)
        self.start(name, self.commands[name])
        return name

    def stop(self) -> None:
        """End every child: politely first."""
        for child in self.children.values():
            _signal_group(child.pid, signal.SIGTERM)
        for child in self.children.values():
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                _signal_group(child.pid, signal.SIGKILL)
        self.pid_file.unlink(missing_ok=True)

    def stop_leftovers(self) -> None:
        """End the children of a demo that was killed."""
        if not self.pid_file.exists():
            return
        for pid in self.pid_file.read_text().split():
            if _is_ours(int(pid), self.root):
                _signal_group(int(pid), signal.SIGKILL)
        self.pid_file.unlink()


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _is_ours(pid: int, root: Path) -> bool:
    """Whether the process still is the one we started: ids are reused."""
    try:
        return Path(f"/proc/{pid}/cwd").resolve() == root.resolve()
    except OSError:
        return False
