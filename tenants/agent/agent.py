"""The agent's main loop: register once, then beat, follow the configuration, report usage."""

import logging
import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import Any

from tenants.agent import VERSION, clock
from tenants.agent.clock import HubClock
from tenants.agent.configuration import Configuration, NotUsable
from tenants.agent.home import Home, Identity, Settings
from tenants.agent.hub import Hub, Refused, Unreachable
from tenants.agent.ledger import Ledger, Snapshot
from tenants.agent.load import DemoLoad
from tenants.agent.resources import Resources

log = logging.getLogger(__name__)
FIRST_WAIT, LONGEST_WAIT, TOKEN_WAIT = 0.5, 300.0, 0.2
BUCKETS_AT_ONCE = 200
ACTIVE_FOR = timedelta(minutes=15)
KEEP_HOURS = timedelta(days=60)
INVALID, UNAUTHORIZED = 400, 401


class Agent:
    """One server's voice. `turn` does what is due and says how long to rest."""

    def __init__(self, home: Home, settings: Settings) -> None:
        self.home, self.settings = home, settings
        self.hub = Hub(settings.hub_url)
        self.clock = HubClock(home)
        self.ledger = Ledger(home.usage)
        self.identity = Identity.read(home)
        self._load = DemoLoad(home, self.ledger, settings.demo_tokens_per_hour)
        self._resources = Resources(home.root)
        # Not an Event: its lock may be held just when a signal's handler wants to set it.
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._stopping = False
        self._failures = 0
        self._refused_token = ""
        self._key_void = False

    def run(self) -> None:
        """Until told to stop."""
        while not self._stopping:
            self._rest(self.turn())

    def _rest(self, seconds: float) -> None:
        with suppress(Empty):
            self._wake.get(timeout=seconds)
        # Several hints are one reason.
        while not self._wake.empty():
            self._wake.get_nowait()

    def hint(self) -> None:
        """The hub has news: do not rest any longer."""
        self._wake.put(None)

    def stop(self) -> None:
        """End after the turn in hand."""
        self._stopping = True
        self._wake.put(None)

    def health(self) -> dict[str, Any]:
        """What anybody may see."""
        return {
            "status": "healthy",
            "safetyWrapperVersion": VERSION,
            "openclawVersion": "not installed",
            "registered": self.identity is not None,
            "configVersion": Configuration.in_force(self.home).version,
        }

    def turn(self) -> float:
        """One round. A hub that is away, or a disk that is full, costs nothing but a longer rest."""
        try:
            rest = self._beat(self.identity) if self.identity and not self._key_void else self._register()
        except Unreachable as error:
            return self._rest_after(str(error), error.retry_after)
        except Refused as error:
            return self._refused(error)
        except OSError as error:
            return self._rest_after(str(error))
        self._failures = 0
        return rest

    def _rest_after(self, reason: str, seconds: float | None = None) -> float:
        self._failures += 1
        longest = min(FIRST_WAIT * 2**self._failures, LONGEST_WAIT)
        rest = seconds or longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads a herd
        log.warning("No answer from the hub that helps (%s); next try in %.1f s", reason, rest)
        return rest

    def _refused(self, error: Refused) -> float:
        """A refused key is kept: the hub may be wrong. But a token that lies ready is tried."""
        if error.status == UNAUTHORIZED and self._token():
            log.warning("The hub no longer takes our key; registering again")
            self._key_void = True
            return 0.0
        return self._rest_after(str(error))

    def _register(self) -> float:
        token = self._token()
        if not token:
            self._key_void = False
            return TOKEN_WAIT
        asked_at = clock.machine()
        try:
            registered = self.hub.register(self._introduction(token))
        except Refused as error:
            log.error("The registration token was refused: %s", error)  # noqa: TRY400 - expected, no traceback
            self._refused_token = token
            return TOKEN_WAIT
        self.identity = Identity(registered.hub_api_key, registered.webhook_secret, registered.server_id)
        self.identity.save(self.home)
        self._key_void = False
        self.clock.adopt(registered.server_time, asked_at=asked_at)
        log.info("Registered as server %s", self.identity.server_id)
        return 0.0

    def _introduction(self, token: str) -> dict[str, Any]:
        return {
            "registrationToken": token,
            "machineId": self.settings.machine_id,
            "agentUrl": self.settings.agent_url,
            "agentVersion": VERSION,
        }

    def _token(self) -> str:
        """A token that was not refused yet: the file is read each time, for it may be replaced."""
        try:
            token = self.home.registration_token.read_text().strip()
        except FileNotFoundError:
            return ""
        return "" if token == self._refused_token else token

    def _beat(self, identity: Identity) -> float:
        asked_at = clock.machine()
        heard = self.hub.heartbeat(identity.hub_api_key, self._status())
        self.clock.adopt(heard.server_time, asked_at=asked_at)
        self._load.catch_up(self.clock.now())
        self._report(identity)
        if heard.config_changed and self._pull(identity):
            return 0.0
        return heard.next_beat_seconds

    def _pull(self, identity: Identity) -> bool:
        """Whether a new configuration is in force: the next beat says so at once."""
        try:
            configuration = Configuration.received(self.hub.config(identity.hub_api_key))
        except NotUsable as error:
            log.error("The configuration was not applied: %s", error)  # noqa: TRY400
            return False
        configuration.apply(self.home)
        log.info("Configuration %d is in force", configuration.version)
        return True

    def _status(self) -> dict[str, Any]:
        configuration = Configuration.in_force(self.home)
        return {
            "status": "healthy",
            "openclawVersion": "not installed",
            "safetyWrapperVersion": VERSION,
            "configVersion": configuration.version,
            "agents": dict(self._agents(configuration)),
            "resources": self._resources.look(),
        }

    def _agents(self, configuration: Configuration) -> Iterator[tuple[str, dict[str, str]]]:
        active_since = self.clock.now() - ACTIVE_FOR
        used = self.ledger.last_used(active_since)
        for code in configuration.agents:
            at = used.get(code)
            active = at is not None and at >= active_since
            yield code, {"status": "active" if active else "idle"} | ({"lastActiveAt": clock.wire(at)} if at else {})

    def _report(self, identity: Identity) -> None:
        """What cannot be reported now stays in the ledger; it never delays a beat."""
        try:
            for batch in _batches(self.ledger.unreported()):
                self._send(identity, [bucket for snapshot in batch for bucket in snapshot.buckets()])
                for snapshot in batch:
                    self.ledger.acknowledge(snapshot)
        except (Unreachable, Refused) as error:
            log.warning("Usage stays unreported for now: %s", error)
        self.ledger.prune(self.clock.now() - KEEP_HOURS)

    def _send(self, identity: Identity, buckets: list[dict[str, Any]]) -> None:
        """A report is taken whole or not at all; one bad bucket is found by halving, and must not hold up the rest."""
        try:
            self.hub.usage(identity.hub_api_key, buckets)
        except Refused as error:
            if error.status != INVALID:
                raise
            if len(buckets) > 1:
                half = len(buckets) // 2
                self._send(identity, buckets[:half])
                self._send(identity, buckets[half:])
            else:
                log.error("The hub will never take this usage (%s): %s", error, buckets)  # noqa: TRY400


def _batches(snapshots: Iterator[Snapshot]) -> Iterator[list[Snapshot]]:
    """Whole hours, about so many buckets at once."""
    batch: list[Snapshot] = []
    for snapshot in snapshots:
        batch.append(snapshot)
        if sum(len(hour.usages) for hour in batch) >= BUCKETS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
