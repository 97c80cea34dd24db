"""What this machine has and uses, from the kernel's own tables."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GB = 1024**3


@dataclass
class Resources:
    """Figures of this machine. The processor's are those since the last look."""

    disk: Path
    proc: Path = Path("/proc")
    _busy: int = 0
    _total: int = 0

    def look(self) -> dict[str, Any]:
        """The figures as a heartbeat carries them. This back end runs no containers."""
        memory = self._memory()
        disk = shutil.disk_usage(self.disk)
        return {
            "cpuPercent": self._cpu_percent(),
            "memoryUsedMb": (memory["MemTotal"] - memory["MemAvailable"]) // 1024,
            "memoryTotalMb": memory["MemTotal"] // 1024,
            "diskUsedGb": disk.used // GB,
            "diskTotalGb": disk.total // GB,
            "containersRunning": 0,
            "containersStopped": 0,
        }

    def _memory(self) -> dict[str, int]:
        """Kilobytes by name."""
        pairs = (line.split(":") for line in (self.proc / "meminfo").read_text().splitlines())
        return {name: int(rest.split()[0]) for name, rest in pairs}

    def _cpu_percent(self) -> int:
        ticks = [int(text) for text in (self.proc / "stat").read_text().splitlines()[0].split()[1:9]]
        total, busy = sum(ticks), sum(ticks) - ticks[3] - ticks[4]
        passed, used = total - self._total, busy - self._busy
        self._total, self._busy = total, busy
        return round(100 * used / passed) if passed else 0
