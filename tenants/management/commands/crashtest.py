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

from tenants.management.crashtest.database import own_database
from tenants.management.demo.processes import free_port

FIRST_PORT = 18400
LEASE_SECONDS = 2
LAST_LINES = 60


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
        with own_database(folder) as url:
            numbers = {"kills": kills, "orders": orders or max(2, kills // 4), "seed": seed}
            arguments = [f"--{name}={number}" for name, number in numbers.items()]
            done = subprocess.run(
                [sys.executable, "-m", "tenants.management.crashtest", f"--folder={folder}", *arguments],
                cwd=settings.BASE_DIR,
                env={**os.environ, **_environment(folder, url)},
                check=False,
            )
        if done.returncode:
            self._show_ends(folder)
            raise CommandError(f"The crashtest failed; its logs are in {folder}, its seed was {seed}.")
        shutil.rmtree(folder)

    def _show_ends(self, folder: Path) -> None:
        """The last lines of each log: the folder may be gone when somebody looks."""
        for log in sorted(folder.glob("**/*.log")):
            lines = log.read_text(errors="replace").splitlines()[-LAST_LINES:]
            self.stdout.write("\n".join([f"--- {log.relative_to(folder)}", *lines]))


def _environment(folder: Path, database_url: str) -> dict[str, str]:
    """The sandbox and the process provisioner for certain, short leases, and no broker: the worker finds its work."""
    return {
        "DATABASE_URL": database_url,
        "SANDBOX_DATABASE_URL": f"sqlite:///{folder / 'sandbox.sqlite3'}",
        "SANDBOX": "true",
        "STRIPE_SECRET_KEY": "",
        "STRIPE_WEBHOOK_SECRETS": "",
        "REDIS_URL": "",
        "CELERY_BROKER_URL": "",
        "DATA_DIR": str(folder),
        "BASE_URL": f"http://127.0.0.1:{free_port(FIRST_PORT)}",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "EMAIL_URL": f"filemail:///{folder / 'mail'}",
        "PROVISIONER": "process",
        "TENANT_ROOT": str(folder / "tenants"),
        "TENANT_DOMAIN": "tenants.localhost",
        "HEARTBEAT_SECONDS": "1",
        "DEMO_TOKENS_PER_HOUR": "0",
        "USAGE_GRACE_SECONDS": "0",
        "WORKER_LEASE_SECONDS": str(LEASE_SECONDS),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "LOG_LEVEL": "INFO",
    }
