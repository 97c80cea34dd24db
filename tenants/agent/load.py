"""A made-up steady load for demonstrations. Nothing else in the agent invents figures."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from tenants.agent import clock, files
from tenants.agent.home import Home
from tenants.agent.ledger import Ledger, Usage

MODEL = "demo/steady-load"
# Parts of a hundred.
SHARES = {"dispatcher": 40, "marketing": 25, "secretary": 20, "it-admin": 10, "sales": 5}
HOUR = timedelta(hours=1)
# After a longer pause than this the demo begins anew instead of filling it.
LONGEST_GAP = timedelta(days=45)


class DemoLoad:
    """As many tokens an hour as it is told, written for whatever time of the hub's has gone by."""

    def __init__(self, home: Home, ledger: Ledger, tokens_per_hour: int) -> None:
        self._file = home.demo_load
        self._ledger = ledger
        self._rate = tokens_per_hour

    def catch_up(self, now: datetime) -> None:
        """Write the load since the last time. The mark moves first: a crash loses some of it, and doubles none."""
        if not self._rate:
            return
        kept = files.read_json(self._file)
        files.write_json(self._file, {"until": clock.wire(now)})
        if kept is None:
            return
        for start, end in _hours(max(clock.parse(kept["until"]), now - LONGEST_GAP), now):
            self._write(start, round(self._rate * (end - start) / HOUR))

    def _write(self, at: datetime, tokens: int) -> None:
        for agent, share in SHARES.items():
            part = tokens * share // 100
            if part:
                self._ledger.record(Usage(agent, MODEL, part - part // 4, part // 4), at)


def _hours(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """A span of time cut at full hours."""
    while start < end:
        cut = min(start.replace(minute=0, second=0, microsecond=0) + HOUR, end)
        yield start, cut
        start = cut
