"""A database, a folder, and the processes that a test starts on them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from django.conf import settings
from django.db import connections
from django.db.utils import ConnectionHandler

ROOT = Path(settings.BASE_DIR)


@dataclass(frozen=True)
class Child:
    """A process of the nursery's; its output is a file."""

    pid: int
    output: Path

    def wait(self, seconds: float) -> int:
        """How it ended."""
        code = self.output.with_suffix(".code")
        until(code.exists, seconds)
        return int(code.read_text())

    def said(self, seconds: float = 60) -> str:
        """Its output, when it has ended well."""
        code = self.wait(seconds)
        assert code == 0, self.output.read_text()
        return self.output.read_text()

    def terminate(self) -> None:
        """Ask it to end, if it has not."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)


@dataclass
class Instance:
    """What a test's processes share."""

    folder: Path
    database: dict[str, Any]
    environment: dict[str, str]
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    nursery: subprocess.Popen[str] | None = None
    children: list[Child] = field(default_factory=list)

    def fork(self, *arguments: str) -> Child:
        """A Python process of a nursery that has loaded all of it; with the environment of the first of them."""
        if self.nursery is None:
            self.nursery = subprocess.Popen(
                [sys.executable, "-m", "tests.platform_core.processes.nursery"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        assert self.nursery.stdin
        assert self.nursery.stdout
        output = self.folder / f"{len(self.children)}.output"
        print(json.dumps([str(output), *arguments]), file=self.nursery.stdin, flush=True)
        child = Child(int(self.nursery.stdout.readline()), output)
        self.children.append(child)
        return child

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """A Python process; its output is read when it has ended."""
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def run(self, *arguments: str, **environment: str) -> str:
        """A Python process from start to end; gives its output."""
        process = self.start(*arguments, **environment)
        output, _ = process.communicate(timeout=100)
        assert process.returncode == 0, output
        return output

    def prepare(self, kind: str, number: int) -> None:
        """The tables, and so many jobs of a kind."""
        self.fork("-m", "tests.platform_core.processes.prepare", kind, str(number)).said()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the database says now."""
        connection = ConnectionHandler({"default": self.database})["default"]
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def sign(self, name: str) -> Path:
        """A file by which test and process understand each other."""
        return self.folder / "world" / name

    def things(self) -> list[str]:
        """What was made outside."""
        return [path.name for path in (self.folder / "world" / "things").glob("*")]

    def mailed(self) -> list[str]:
        """The ids of the messages that were sent, each as often as it was."""
        text = "".join(path.read_text() for path in self.sign("mail").glob("*"))
        return re.findall(r"^Message-ID: <(.*)@", text, re.MULTILINE)

    def stop(self) -> None:
        """End what is left, the children of children too: they hold the pipe open."""
        started = [*self.processes, *([self.nursery] if self.nursery else [])]
        for pid in [each.pid for each in self.children] + [each.pid for each in started]:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        for process in started:
            process.communicate(timeout=30)


def until(condition: Callable[[], Any], seconds: float = 30) -> None:
    """Wait for something that will come about."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "It did not come about."
        time.sleep(0.02)


@contextmanager
def instance(folder: Path) -> Iterator[Instance]:
    """A fresh one, on whichever engine the suite runs on."""
    (folder / "world").mkdir()
    with own_database(folder) as (url, database):
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "DATA_DIR": str(folder),
            "WORLD": str(folder / "world"),
            "DJANGO_SETTINGS_MODULE": "tests.platform_core.processes.settings",
            "LOG_LEVEL": "WARNING",
        }
        made = Instance(folder, database, environment)
        try:
            yield made
        finally:
            made.stop()


@contextmanager
def own_database(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Its address, as DATABASE_URL and as Django's settings."""
    given = connections["default"].settings_dict
    if connections["default"].vendor == "sqlite":
        name = str(folder / "own.sqlite3")
        yield f"sqlite:///{name}", {**given, "NAME": name}
        return
    name = f"mainstay_own_{uuid4().hex[:12]}"
    keys = {"host": given["HOST"], "port": given["PORT"] or 5432, "user": given["USER"], "password": given["PASSWORD"]}
    url = f"postgres://{keys['user']}:{keys['password']}@{keys['host']}:{keys['port']}/{name}"
    with psycopg.connect(dbname="postgres", autocommit=True, **keys) as server:
        server.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield url, {**given, "NAME": name}
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
