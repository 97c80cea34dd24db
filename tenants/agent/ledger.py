"""The metering ledger: what agents used, one append-only file for each hour of the hub's time.

An hour is reported as a snapshot of its whole file, so a report may be repeated. What the hub acknowledged is the
size that the file had; an hour whose file is larger is reported again, also after a restart.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tenants.agent import clock, files

HOUR_FILE = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2})\.jsonl")
HOUR_FORMAT = "%Y-%m-%dT%H"


@dataclass(frozen=True)
class Usage:
    """What one agent used of one model."""

    agent: str
    model: str
    tokens_input: int = 0
    tokens_output: int = 0
    tokens_cache_read: int = 0
    tokens_cache_write: int = 0
    web_search_count: int = 0
    web_fetch_count: int = 0

    def __post_init__(self) -> None:
        if not self.agent or not self.model:
            raise ValueError("usage names an agent and a model")
        if any(count < 0 for count in self.counts()):
            raise ValueError("usage is never negative")

    def counts(self) -> tuple[int, ...]:
        """The figures, in the order of the fields."""
        return tuple(getattr(self, field.name) for field in fields(self)[2:])

    def plus(self, other: "Usage") -> "Usage":
        """Both together."""
        sums = (mine + theirs for mine, theirs in zip(self.counts(), other.counts(), strict=True))
        return Usage(self.agent, self.model, *sums)


@dataclass(frozen=True)
class Snapshot:
    """One hour as it stands, and how much of its file that is."""

    hour: datetime
    size: int
    usages: tuple[Usage, ...]

    def buckets(self) -> list[dict[str, Any]]:
        """The hour as the hub takes it."""
        return [
            {
                "agentId": usage.agent,
                "model": usage.model,
                "bucketHour": clock.wire(self.hour),
                "tokensInput": usage.tokens_input,
                "tokensOutput": usage.tokens_output,
                "tokensCacheRead": usage.tokens_cache_read,
                "tokensCacheWrite": usage.tokens_cache_write,
                "webSearchCount": usage.web_search_count,
                "webFetchCount": usage.web_fetch_count,
            }
            for usage in self.usages
        ]


@dataclass(frozen=True)
class Ledger:
    """The directory of hours."""

    root: Path

    def record(self, usage: Usage, at: datetime) -> None:
        """Write down a use at the moment it happened, in the hub's time."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        line = {field.name: getattr(usage, field.name) for field in fields(usage)} | {"at": clock.wire(at)}
        files.append_line(self._file(at), json.dumps(line))

    def unreported(self) -> Iterator[Snapshot]:
        """The hours that grew since the hub last acknowledged them, oldest first."""
        for path, hour in self._hours():
            if path.stat().st_size > self._acknowledged(path):
                yield _snapshot(path, hour)

    def acknowledge(self, snapshot: Snapshot) -> None:
        """The hub has this hour up to here."""
        files.write_atomically(self._file(snapshot.hour).with_suffix(".acknowledged"), str(snapshot.size))

    def last_used(self, since: datetime) -> dict[str, datetime]:
        """When each agent last used anything, looking back to a moment."""
        found: dict[str, datetime] = {}
        for path, hour in self._hours():
            if hour >= since.replace(minute=0, second=0, microsecond=0):
                for line in _lines(path):
                    found[line["agent"]] = clock.parse(line["at"])
        return found

    def prune(self, before: datetime) -> None:
        """Forget hours that ended long ago and that the hub has."""
        for path, hour in self._hours():
            if hour < before and path.stat().st_size <= self._acknowledged(path):
                path.unlink()
                path.with_suffix(".acknowledged").unlink(missing_ok=True)

    def _hours(self) -> list[tuple[Path, datetime]]:
        found = ((path, HOUR_FILE.fullmatch(path.name)) for path in sorted(self.root.glob("*.jsonl")))
        return [(path, datetime.strptime(match[1], HOUR_FORMAT).replace(tzinfo=UTC)) for path, match in found if match]

    def _file(self, at: datetime) -> Path:
        return self.root / f"{at.astimezone(UTC).strftime(HOUR_FORMAT)}.jsonl"

    @staticmethod
    def _acknowledged(path: Path) -> int:
        try:
            return int(path.with_suffix(".acknowledged").read_text())
        except (FileNotFoundError, ValueError):
            return 0


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    return (line for line in files.json_lines(path) if {"agent", "model", "at"} <= line.keys())


def _snapshot(path: Path, hour: datetime) -> Snapshot:
    # The size first: a line that is added meanwhile makes the hour unreported again, and never lost.
    size = path.stat().st_size
    totals: dict[tuple[str, str], Usage] = {}
    for line in _lines(path):
        usage = Usage(**{field.name: line.get(field.name, 0) for field in fields(Usage)})
        key = (usage.agent, usage.model)
        totals[key] = totals[key].plus(usage) if key in totals else usage
    return Snapshot(hour, size, tuple(totals[key] for key in sorted(totals)))
