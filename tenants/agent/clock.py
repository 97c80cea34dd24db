"""What time it is: the machine's for signatures and waiting, the hub's for everything that is reported."""

from datetime import UTC, datetime, timedelta

from tenants.agent import files
from tenants.agent.home import Home

# Differences below this are the network's, not the hub's.
TOLERANCE_SECONDS = 2.0


def machine() -> datetime:
    """The machine's own time."""
    return datetime.now(UTC)  # noqa: TID251 - the agent's one place


def parse(text: str) -> datetime:
    """A moment as it stands on the wire; ValueError where it is none, or names no zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return moment.astimezone(UTC)


def wire(moment: datetime) -> str:
    """A moment as it goes on the wire."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class HubClock:
    """The hub's time, as far as its answers tell. Kept in a file, so that other commands on this server agree."""

    def __init__(self, home: Home) -> None:
        self._file = home.clock
        kept = files.read_json(self._file) or {}
        self._offset = timedelta(seconds=float(kept.get("offsetSeconds", 0.0)))

    def now(self) -> datetime:
        """The hub's time."""
        return machine() + self._offset

    def adopt(self, server_time: datetime, *, asked_at: datetime) -> None:
        """Follow what an answer said; the hub read its clock about halfway between question and answer."""
        answered_at = machine()
        offset = server_time - (asked_at + (answered_at - asked_at) / 2)
        if abs((offset - self._offset).total_seconds()) >= TOLERANCE_SECONDS:
            self._offset = offset
            files.write_json(self._file, {"offsetSeconds": round(offset.total_seconds(), 3)})
