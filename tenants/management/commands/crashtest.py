"""`manage.py crashtest`: the worker is killed at its commits, and every order must come out whole all the same."""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tenants.management.crashtest import surroundings
from tenants.management.crashtest.database import own_database


class Command(BaseCommand):
    """Never touches the instance: the test has databases, folders and processes of its own."""

    help = (
        "Kill the worker by SIGKILL at commit boundaries while orders come in; nothing may be lost, doubled or stuck."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--kills", type=int, default=50, help="how often the worker is killed, at least")
        parser.add_argument("--orders", type=int, help="how many customers buy (default: one for every four kills)")
        parser.add_argument("--seed", type=int, help="repeat the choices of an earlier run")

    def handle(self, *args: Any, kills: int, orders: int | None, seed: int | None, **options: Any) -> None:
        seed = random.randrange(10**6) if seed is None else seed  # noqa: S311 - which commits it is
        folder = Path(tempfile.mkdtemp(prefix="mainstay-crashtest-"))
        self.stdout.write(f"Killing a worker {kills} times; seed {seed}, logs in {folder}")
        with own_database(folder) as url, surroundings.own_port() as port:
            numbers = {"kills": kills, "orders": orders or max(2, kills // 4), "seed": seed}
            arguments = [f"--{name}={number}" for name, number in numbers.items()]
            done = subprocess.run(
                [sys.executable, "-m", "tenants.management.crashtest", f"--folder={folder}", *arguments],
                cwd=settings.BASE_DIR,
                env={**os.environ, **surroundings.environment(folder, url, port)},
                check=False,
            )
        if done.returncode:
            surroundings.show_ends(folder, self.stdout.write)
            raise CommandError(f"The crashtest failed; its logs are in {folder}, its seed was {seed}.")
        shutil.rmtree(folder)
