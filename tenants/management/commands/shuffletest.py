"""`manage.py shuffletest`: events in any order, thrice, to workers that die; every life must come out right."""

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

LEASE_SECONDS = 5


class Command(BaseCommand):
    """Never touches the instance: the test has a database, a folder and processes of its own."""

    help = "Whole lives of subscriptions, told in any order and thrice, to workers that are killed every few seconds."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--subscriptions", type=int, default=200, help="how many lives are lived")
        parser.add_argument("--seed", type=int, help="repeat the lives and the disorder of an earlier run")

    def handle(self, *args: Any, subscriptions: int, seed: int | None, **options: Any) -> None:
        seed = random.randrange(10**6) if seed is None else seed  # noqa: S311 - which lives they are
        folder = Path(tempfile.mkdtemp(prefix="mainstay-shuffletest-"))
        self.stdout.write(f"{subscriptions} subscriptions; seed {seed}, logs in {folder}")
        with own_database(folder) as url, surroundings.own_port() as port:
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "tenants.management.shuffletest", f"--folder={folder}"),
                    *(f"--subscriptions={subscriptions}", f"--seed={seed}"),
                ],
                cwd=settings.BASE_DIR,
                env={**os.environ, **surroundings.environment(folder, url, port, lease_seconds=LEASE_SECONDS)},
                check=False,
            )
        if done.returncode:
            surroundings.show_ends(folder, self.stdout.write)
            raise CommandError(f"The shuffletest failed; its logs are in {folder}, its seed was {seed}.")
        shutil.rmtree(folder)
