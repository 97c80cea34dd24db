"""What runs by the clock. Time is cut into slots; a slot runs once, whoever calls and however often."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from platform_core import clock, context, leases, scoping, tables, watchdog
from platform_core.models import CronRun

logger = logging.getLogger(__name__)

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Periodic:
    """Work for each slot of business time. `offset` shifts the slots: every day, offset 3 h, is at three o'clock."""

    name: str
    every: timedelta
    run: Callable[[], Mapping[str, Any] | None]
    offset: timedelta = timedelta(0)
    timeout: float = 3600.0

    def slot(self, at: datetime) -> str:
        """The slot that a moment lies in, by its beginning. Slots that were missed are not made up for."""
        passed = (at - EPOCH - self.offset) // self.every
        return (EPOCH + self.offset + passed * self.every).isoformat()


def periodics() -> list[Periodic]:
    """Every app's SCHEDULE."""
    return tables.entries("SCHEDULE")


def find(name: str) -> Periodic:
    """The periodic task of this name."""
    return next(periodic for periodic in periodics() if periodic.name == name)


def run(periodic: Periodic, worker: str) -> CronRun | None:
    """Run the present slot; None when it has run, is running, or failed too lately to be tried again."""
    slot, _ = CronRun.objects.get_or_create(
        name=periodic.name, slot=periodic.slot(clock.now()), defaults={"started_at": clock.now()}
    )
    claimed = leases.claim(CronRun, worker=worker, pk=slot.pk)
    if claimed is not None:
        working = context.working(f"schedule:{periodic.name}", f"schedule {periodic.name}")
        with scoping.system(), working, watchdog.keep(claimed, timeout=periodic.timeout):
            changes = _attempt(periodic)
        leases.settle(claimed, finished_at=clock.now(), **changes)
    return claimed


def _attempt(periodic: Periodic) -> dict[str, Any]:
    try:
        result = periodic.run()
    except Exception as error:
        # One task's trouble must not keep the others from running; the row tells of it, and tries again.
        logger.exception("Periodic task %s failed.", periodic.name)
        return {"status": CronRun.Status.FAILED, "error": f"{type(error).__name__}: {error}"[:1000]}
    return {"status": CronRun.Status.DONE, "result": dict(result or {}), "error": ""}


class Clockwork:
    """A process's memory of the slots it saw through, so that looking again costs nothing."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def run_due(self, worker: str) -> int:
        """Run every task whose slot is new; gives how many ran."""
        return sum(self._run_once(periodic, worker) for periodic in periodics())

    def _run_once(self, periodic: Periodic, worker: str) -> bool:
        slot = periodic.slot(clock.now())
        if self._seen.get(periodic.name) == slot:
            return False
        ran = run(periodic, worker)
        over = CronRun.objects.filter(name=periodic.name, slot=slot, status=CronRun.Status.DONE).exists()
        if over:
            self._seen[periodic.name] = slot
        return ran is not None
