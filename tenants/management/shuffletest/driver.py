"""The course of a shuffletest: lives go on, their events arrive in any order, workers die all along."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from billing.models import NANO, Plan, Price
from billing.providers.sandbox import clock as sandbox_clock
from billing.services import catalog, plan_editing, prices
from platform_core import scoping
from platform_core.models import ProviderEvent
from tenants.management.crashtest.database import make_tables
from tenants.management.shuffletest import lives, money
from tenants.management.shuffletest.nursery import JOURNAL
from tenants.management.shuffletest.post import Post
from tenants.management.shuffletest.story import EXTRA, MONTHS, SMALL, TIERS, TURNS
from tenants.management.shuffletest.verdict import Finding, Kind, findings, kills

LAST_WORD_SECONDS = 240.0
LOOK_SECONDS = 0.5


class Driver:
    """One test, within a database and a folder of its own."""

    def __init__(self, folder: Path, *, subscriptions: int, seed: int) -> None:
        self.folder, self.count, self.seed = folder, subscriptions, seed
        # What happens in the lives must not depend on how many copies are shuffled.
        self.chance = random.Random(seed)  # noqa: S311 - stories
        self.post = Post(random.Random(seed + 1))  # noqa: S311 - an order
        self.journal = folder / JOURNAL
        self.lives: list[lives.Life] = []
        self.acts: Counter[str] = Counter()
        self.began = time.monotonic()

    def run(self) -> int:
        """The exit status: 0 when nothing is lost or doubled and all is as it must be."""
        with scoping.system():
            self._prepare()
            with (self.folder / "workers.log").open("wb") as log:
                arguments = ["--nursery", f"--folder={self.folder}", "--subscriptions=0", f"--seed={self.seed}"]
                nursery = subprocess.Popen(
                    [sys.executable, "-m", "tenants.management.shuffletest", *arguments],
                    cwd=settings.BASE_DIR,
                    stdout=log,
                    stderr=log,
                )
                try:
                    self._await(nursery)
                    self._live()
                    self._hear_out(nursery)
                finally:
                    nursery.send_signal(signal.SIGTERM)
                    failed = nursery.wait(timeout=60)
            return self._report(failed)

    def _prepare(self) -> None:
        make_tables()
        catalog.load_price_list()
        with transaction.atomic():
            terms = {"kind": Price.Kind.ONE_OFF, "amount_minor": EXTRA}
            prices.put_on_sale(Plan.objects.get(code=SMALL), terms, by=None)
        tiers = [{"up_to": up_to, "unit_price_nano": unit * NANO, "amount_minor": 0} for up_to, unit in TIERS]
        sold = {"scheme": "graduated", "tiers": tiers, "interval": "month", "currency": "usd"}
        plan_editing.add(
            "pages", {"code": lives.ADD_ON, "name": "Add-on", "is_add_on": True, "prices": [sold]}, by=None
        )
        catalog.publish_prices()
        self._say("the shop is open")

    def _await(self, nursery: subprocess.Popen[bytes]) -> None:
        """What arrives is to meet workers that are there, and die."""
        while nursery.poll() is None and not self.journal.exists():
            time.sleep(LOOK_SECONDS)

    def _live(self) -> None:
        self.lives = lives.begin(self.count, self.chance)
        self.post.deliver()
        for month in range(MONTHS):
            for turn in range(TURNS):
                lives.go_into_the_month(self.lives, turn)
                self.acts.update(life.live(self.chance).value for life in self.lives)
                self.post.deliver()
            lives.end_month(self.lives)
            self.post.deliver()
            self._say(f"month {month + 1}: {self.post.events} events, {self.post.delivered} deliveries")

    def _hear_out(self, nursery: subprocess.Popen[bytes]) -> None:
        """The rest arrives, and everything is acted upon. What waits for its next try is hurried: time passes."""
        self.post.deliver(everything=True)
        began = time.monotonic()
        ends = began + LAST_WORD_SECONDS
        waiting = ProviderEvent.objects.filter(status=ProviderEvent.Status.RECEIVED)
        told = 0
        while ((left := waiting.count()) or not kills(self.journal)) and time.monotonic() < ends:
            if left != told:
                # As long as it goes on, it may take its time.
                ends = time.monotonic() + LAST_WORD_SECONDS
                self._say(f"{left} events wait")
            told = left
            time.sleep(LOOK_SECONDS)
            tried = not waiting.filter(attempt=0).exists() or time.monotonic() > began + self.count
            if kills(self.journal) and tried:
                nursery.send_signal(signal.SIGUSR1)
                sandbox_clock.advance(by=timedelta(seconds=10))

    def _report(self, failed: int) -> int:
        found = [*findings(self.lives, self.journal), *money.findings(self.lives)]
        for finding in found:
            self._say(f"{finding.kind.value}: {finding.text}")
        if failed:
            self._say("A worker ended although nobody killed it.")
        acts = ", ".join(f"{number} {act}" for act, number in sorted(self.acts.items()))
        print(f"{len(self.lives)} lives of {MONTHS} months: {acts}")  # noqa: T201
        counts = ", ".join(f"{_count(found, kind)} {kind.value}" for kind in Kind)
        killed = kills(self.journal)
        print(f"{self.post.events} events, {self.post.delivered} deliveries, {killed} kills: {counts}")  # noqa: T201
        return int(bool(found) or bool(failed) or not killed)

    def _say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.began:5.1f} s] {text}", flush=True)  # noqa: T201


def _count(found: list[Finding], kind: Kind) -> int:
    return sum(finding.kind == kind for finding in found)
