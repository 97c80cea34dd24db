"""Business time in tests: the clock is set by the reader that the sandbox would install, so requests see it too."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from platform_core import clock


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Within the block it is that moment, and it goes on ticking."""
    previous, ahead = clock._reader, moment - clock.wall()
    clock.install_reader(lambda: ahead)
    clock.refresh()
    try:
        yield
    finally:
        clock._reader = previous
        clock._offset.value = timedelta(0)
        clock.refresh()


@contextmanager
def stopped() -> Iterator[None]:
    """Within the block no time passes: what takes a busy machine seconds has happened at one moment."""
    passing, moment = clock.wall, clock.wall()
    clock.wall = lambda: moment
    try:
        yield
    finally:
        clock.wall = passing
