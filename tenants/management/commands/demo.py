"""`manage.py demo`: the process tree, a small living company in it, and one customer's whole journey."""

import json
import os
import shutil
import signal
import sys
import threading
import time
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tenants.management.demo import credentials
from tenants.management.demo.journey import Journey, StepFailed
from tenants.management.demo.processes import ProcessTree, free_port
from tenants.management.seeding import people

DAY_TOKEN_SECONDS = 12 * 3600
SERVING_SECONDS = 60
LOOK_SECONDS = 0.5


class Stopped(Exception):
    """Somebody asked the demo to end."""


class Command(BaseCommand):
    """Parent of web server, worker and sandbox. It talks to them as anyone would: by HTTP and by commands."""

    help = "Run everything with a small living company in it, and walk one customer from sign-up to invoice."
    # The children check the system; the parent should be quick to start.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="the web server's port (the next free one is taken)")
        parser.add_argument("--fresh", action="store_true", help="forget what earlier demos left")
        parser.add_argument("--exit", action="store_true", help="stop after the journey; the status tells how it went")
        parser.add_argument(
            "--credentials", type=Path, metavar="FILE", help="write logins, tokens and ids there as JSON"
        )
        parser.add_argument("--bare", action="store_true", help="only the processes: no seed, no journey")

    def handle(self, *args: Any, **options: Any) -> None:
        self.began = time.monotonic()
        self.data_dir: Path = settings.DATA_DIR / "demo"
        self.tree = ProcessTree(settings.BASE_DIR, {}, self.data_dir)
        self.tree.stop_leftovers()
        self.stopping = threading.Event()
        if options["fresh"]:
            self._stop_agents()
            shutil.rmtree(self.data_dir, ignore_errors=True)
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.base_url = f"http://localhost:{free_port(options['port'])}"
        self.tree.environment = self.environment = self._environment()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _stop)
        try:
            self._run(options)
        except Stopped:
            self._say("Stopping.")
        finally:
            self.stopping.set()
            self.tree.stop()
            self._stop_agents()

    def _run(self, options: dict[str, Any]) -> None:
        self._say("Preparing the database")
        self.tree.run("seed", "--prepare", *(["--empty"] if options["fresh"] else []))
        self._start_processes()
        self._wait_until_serving()
        self._say(f"Serving at {self.base_url} after {time.monotonic() - self.began:.1f} s")
        threading.Thread(target=self._revive, daemon=True).start()
        if not options["bare"]:
            self._live(options)
        if not options["exit"]:
            self._stay()

    def _live(self, options: dict[str, Any]) -> None:
        self._say("Seeding a small company")
        self.tree.run("seed")
        self._say("The journey of one customer")
        journey = Journey(self.base_url, self.environment["CRON_TOKEN"], self.data_dir / "tenants", self.stdout.write)
        try:
            journey.run()
        except (StepFailed, httpx.HTTPError) as error:
            self._say(f"Logs are in {self.data_dir / 'logs'}")
            raise CommandError(f"The journey failed: {error}") from error
        self._say(f"The journey took {time.monotonic() - journey.began:.1f} s")
        # The clock was moved by a month: the others have lived through it too.
        self.tree.run("seed")
        self._print_logins(journey)
        if options["credentials"]:
            try:
                credentials.write(options["credentials"], self._credentials(journey))
            except credentials.Refused as error:
                raise CommandError(f"{error} `--fresh` begins anew.") from error
            self._say(f"Credentials are in {options['credentials']}")

    # --- Processes ------------------------------------------------------------------------------------------------

    def _environment(self) -> dict[str, str]:
        """The children's: the sandbox for certain, whatever the instance itself uses; tokens of our own."""
        own = {
            "DATA_DIR": str(self.data_dir),
            "BASE_URL": self.base_url,
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "SANDBOX": "true",
            "STRIPE_SECRET_KEY": "",
            "STRIPE_WEBHOOK_SECRETS": "",
            "SANDBOX_DATABASE_URL": f"sqlite:///{self.data_dir / 'sandbox.sqlite3'}",
            "TENANT_ROOT": str(self.data_dir / "tenants"),
            "EMAIL_URL": f"filemail:///{self.data_dir / 'mail'}",
            # Whoever tries the demo should not have to look for mail in a folder.
            "EMAIL_VERIFICATION": "optional",
            "ACCESS_TOKEN_SECONDS": str(DAY_TOKEN_SECONDS),
            # Whoever tries the API by hand or by script is one person in one session.
            "SESSION_REQUESTS_PER_MINUTE": "6000",
            "HEARTBEAT_SECONDS": "2",
            "PYTHONUNBUFFERED": "1",
        }
        given = {name: os.environ.get(name) or self._kept(name.lower()) for name in ("CRON_TOKEN", "INTERNAL_TOKEN")}
        return {**os.environ, **own, **given}

    def _kept(self, name: str) -> str:
        """A token made once, so that a demo that is started again keeps its callers."""
        path = self.data_dir / name
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(os.urandom(24).hex())
        return path.read_text()

    def _start_processes(self) -> None:
        port = self.base_url.rpartition(":")[2]
        bin_dir = Path(sys.executable).parent
        web = [str(bin_dir / "granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port", port]
        web.append("--respawn-failed-workers")
        self.tree.start("web", [*web, "--workers", "1", "--blocking-threads", "24", "config.wsgi:application"])
        manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
        if settings.CELERY_BROKER_URL:
            schedule = ["--beat", "--schedule", str(self.data_dir / "beat")]
            celery = [str(bin_dir / "celery"), "-A", "config", "worker", "--pool", "threads", "--concurrency", "4"]
            self.tree.start("worker", [*celery, *schedule, "--loglevel", "INFO"])
        else:
            self.tree.start("worker", [*manage, "runworker"])
        self.tree.start("sandbox", [*manage, "sandbox"])

    def _wait_until_serving(self) -> None:
        end = time.monotonic() + SERVING_SECONDS
        while time.monotonic() < end:
            if dead := self.tree.dead():
                raise CommandError(f"The {dead} process ended; its log is {self.tree.log_file(dead)}")
            try:
                if httpx.get(f"{self.base_url}/api/v1/health/ready", timeout=5).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise CommandError(f"The web server did not answer within {SERVING_SECONDS} s; logs: {self.data_dir / 'logs'}")

    def _revive(self) -> None:
        """A process that is killed is started again: whatever it was doing goes on where it was committed."""
        while not self.stopping.wait(LOOK_SECONDS):
            if name := self.tree.revive():
                self._say(f"The {name} process ended and was started again; its log is {self.tree.log_file(name)}")

    def _stay(self) -> None:
        self._say("Press Ctrl-C to stop.")
        while True:
            time.sleep(1)
            if self.tree.is_hopeless and (dead := self.tree.dead()):
                raise CommandError(f"The {dead} process ended; its log is {self.tree.log_file(dead)}")

    def _stop_agents(self) -> None:
        """Tenants' agents are detached from whoever started them; they end with the demo."""
        for agent in (self.data_dir / "tenants").glob("*/agent"):
            credentials.stop_agent(agent)

    # --- Telling --------------------------------------------------------------------------------------------------

    def _say(self, text: str) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(f"» {text}"))

    def _print_logins(self, journey: Journey) -> None:
        olivia = people.COMPANIES[0].owner[0]
        for title, address, login in (
            ("Portal", "/", f"{journey.email} or {olivia}"),
            ("Staff console", "/admin/", people.STAFF[0][0]),
            ("Payment sandbox, with the clock", "/sandbox/", "no login"),
        ):
            self.stdout.write(f"  {title:<32} {self.base_url}{address:<10} {login}")
        secret = json.loads(self.tree.run("seed", "--describe"))["totpSecret"]
        self.stdout.write(f"  Staff's authenticator app is fed with {secret}")
        self.stdout.write(f"  Everybody's password is {people.PASSWORD}; mail is in {self.data_dir / 'mail'}")

    def _credentials(self, journey: Journey) -> dict[str, Any]:
        """The file that examples and checks read. What is not built yet is left out."""
        harbour, fjord = people.COMPANIES[:2]
        logins = {
            "staff": people.STAFF[0][0],
            "owner": harbour.owner[0],
            "member": harbour.members[0][0],
            "outsider": fjord.owner[0],
            "customer": journey.email,
        }
        described = json.loads(self.tree.run("seed", "--describe"))
        ids, secret = described["ids"], described["totpSecret"]
        signed_in = {
            who: credentials.sign_in(self.base_url, email, people.PASSWORD, secret if who == "staff" else "")
            for who, email in logins.items()
        }
        return {
            "baseUrl": self.base_url,
            **signed_in,
            "cronToken": self.environment["CRON_TOKEN"],
            "internalToken": self.environment["INTERNAL_TOKEN"],
            "webhookSecret": f"whsec_{(self.data_dir / 'sandbox_webhook_secret').read_text()}",
            "hubApiKey": credentials.hub_key(self.data_dir / "tenants" / ids["order"] / "agent"),
            "ids": ids,
        }


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped
