"""Jobs, worked off."""

from identity.services import erasure
from platform_core.workflow import engine


def work() -> int:
    """Empty the tables of whoever was erased, and run every job that waits, step by step; how many steps that were."""
    while erasure.empty_one("test"):
        pass
    steps = 0
    while engine.run_one("test"):
        steps += 1
    return steps
