"""The course of a crashtest: purchases, servers, use, a month, invoices; a worker that is killed all along."""

import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
from django.conf import settings
from django.db import connections

from billing.providers.sandbox.models import Delivery
from billing.services import catalog
from platform_core import scoping
from platform_core.errors import UpstreamError
from platform_core.models import Job, Mail, ProviderEvent, WebhookDelivery
from tenants.clients.provisioner import provisioner
from tenants.management.crashtest.customers import Market
from tenants.management.crashtest.database import make_tables
from tenants.management.crashtest.mortal import Fate, OutOfTime, WorkerFailed
from tenants.management.crashtest.verdict import Finding, Kind, findings
from tenants.management.demo.processes import ProcessTree
from tenants.models import Order

PHASE_SECONDS = 150.0
SERVING_SECONDS = 60.0
# The part of the kills that falls before the month's end; the others hit renewals and billing.
FIRST_PART = 0.6
# About so many commits lie between a purchase and its server, and between a month's end and the paid invoice.
COMMITS_TO_SERVE, COMMITS_TO_BILL = 100, 30
# Lives are equally likely up to twice their mean; somewhat less lets every kill find its commit.
SPREAD = 1.6


class Driver:
    """One test, within databases and folders of its own."""

    def __init__(self, folder: Path, *, kills: int, orders: int, seed: int) -> None:
        self.kills, self.orders, self.seed = kills, orders, seed
        self.market = Market()
        self.fate = Fate(random.Random(seed), folder / "worker.log")  # noqa: S311 - which commit it is
        self.tree = ProcessTree(settings.BASE_DIR, {}, folder)
        self.began = time.monotonic()
        self.said = ""

    def run(self) -> int:
        """The exit status: 0 when nothing is lost, doubled or stuck."""
        with scoping.system():
            self._prepare()
            with self._outside():
                try:
                    self._live()
                except (OutOfTime, WorkerFailed) as error:
                    self._say(f"{type(error).__name__}: {error}")
                return self._report()

    def _prepare(self) -> None:
        make_tables()
        catalog.load_price_list()
        catalog.publish_prices()
        settings.TENANT_ROOT.mkdir(exist_ok=True)

    @contextmanager
    def _outside(self) -> Iterator[None]:
        """The web server, and the provider's process, which delivers its webhooks shuffled and some twice."""
        self.tree.environment = dict(os.environ)
        port = settings.BASE_URL.rpartition(":")[2]
        bin_dir = Path(sys.executable).parent
        web = [str(bin_dir / "granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port", port]
        self.tree.start("web", [*web, "--workers", "1", "--blocking-threads", "8", "config.wsgi:application"])
        manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
        self.tree.start("sandbox", [*manage, "sandbox", "--disorder", str(self.seed)])
        try:
            self._wait_until_serving()
            yield
        finally:
            self._stop_tenants()
            self.tree.stop()
            connections.close_all()

    def _wait_until_serving(self) -> None:
        ends = time.monotonic() + SERVING_SECONDS
        while time.monotonic() < ends:
            try:
                if httpx.get(f"{settings.BASE_URL}/api/v1/health/live", timeout=5).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise OutOfTime("The web server did not answer.")

    def _stop_tenants(self) -> None:
        """Agents are detached from whoever started them."""
        for order in Order.objects.all():
            with suppress(UpstreamError):
                provisioner().stop(order.pk)

    def _live(self) -> None:
        first = round(self.kills * FIRST_PART)
        self._serve(self.orders, kills=first)
        self.market.pass_month()
        self._attend(
            "renewals billed", self._billed, self.orders, kills=self.kills, commits=self.orders * COMMITS_TO_BILL
        )
        while self.fate.killed < self.kills:
            self._serve(1, kills=self.kills)
        self._attend("kinds of work left", lambda: -_kinds_waiting(), 0, kills=0, commits=0)

    def _serve(self, count: int, *, kills: int) -> None:
        """So many more customers buy, get their servers and use them."""
        market = self.market
        market.buy(count)
        total = len(market.emails)
        self._attend("orders fulfilled", market.fulfilled, total, kills=kills, commits=count * COMMITS_TO_SERVE)
        market.use()
        self._attend("servers' use reported", market.metered, total, kills=0, commits=0)

    def _billed(self) -> int:
        """Those billed; all of them only when the provider's last word about it has been taken in as well."""
        billed = self.market.billed()
        return billed if billed < self.orders else billed - _kinds_waiting()

    def _attend(self, what: str, count: Callable[[], int], wanted: int, *, kills: int, commits: int) -> None:
        """Keep a worker alive, or rather not, until there are so many. The kills are spread over the commits."""

        def finished() -> bool:
            done = count()
            self._say(f"{self.fate.killed} of {self.kills} kills, {abs(done)} of {wanted} {what}")
            return done >= wanted

        life = max(1, round(SPREAD * commits / max(1, kills - self.fate.killed)))
        self.fate.attend(finished, kills=kills, life=life, seconds=PHASE_SECONDS + 2 * self.kills)

    def _report(self) -> int:
        found = findings(self.market)
        for finding in found:
            self._say(f"{finding.kind.value}: {finding.text}")
        counts = ", ".join(f"{_count(found, kind)} {kind.value}" for kind in Kind)
        print(f"{self.fate.killed} kills, {len(self.market.emails)} orders: {counts}")  # noqa: T201
        return int(bool(found) or self.fate.killed < self.kills)

    def _say(self, text: str) -> None:
        if text != self.said:
            print(f"[{time.monotonic() - self.began:5.1f} s] {text}", flush=True)  # noqa: T201
            self.said = text


def _kinds_waiting() -> int:
    """How many kinds of rows still have some to work on."""
    rows = (
        Job.objects.filter(status__in=Job.CLAIMABLE),
        ProviderEvent.objects.filter(status__in=ProviderEvent.CLAIMABLE),
        Mail.objects.filter(status__in=Mail.CLAIMABLE),
        WebhookDelivery.objects.filter(status__in=WebhookDelivery.CLAIMABLE),
        Delivery.objects.filter(delivered_at=None),
    )
    return sum(waiting.exists() for waiting in rows)


def _count(found: list[Finding], kind: Kind) -> int:
    return sum(finding.kind == kind for finding in found)
