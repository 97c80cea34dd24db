"""A loop is told to stop, also by a signal that comes at the worst moment."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from platform_core.stopping import Stop

# No run of these tests lasts so long: where such a rest is over, it was ended, however slow the machine is.
ENDLESS = 3_600

# Rests of no length, and signals as fast as they come: some arrive while the rest is being prepared or ended.
STORM = """
import signal, time
from platform_core.stopping import Stop

stops = [Stop()]
signal.signal(signal.SIGALRM, lambda *_: stops[0].set())
signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
ends = time.monotonic() + 0.5
while time.monotonic() < ends:
    stops[0] = Stop()
    for _ in range(50):
        stops[0].wait(0.000001)
print("rested")
"""


@pytest.fixture
def alarm() -> Iterator[None]:
    """The handler of alarms goes when the test does."""
    before = signal.getsignal(signal.SIGALRM)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_nobody_asked() -> None:
    stop = Stop()

    assert not stop.wait(0.001)
    assert not stop.is_set()


def test_whoever_asks_ends_the_rest_for_good() -> None:
    stop = Stop()
    threading.Timer(0.01, stop.set).start()

    assert stop.wait(ENDLESS)
    assert stop.wait(ENDLESS)
    assert stop.is_set()


@pytest.mark.usefixtures("alarm")
def test_a_signal_ends_the_rest() -> None:
    stop = Stop()
    signal.signal(signal.SIGALRM, lambda *_: stop.set())
    signal.setitimer(signal.ITIMER_REAL, 0.01)

    assert stop.wait(ENDLESS)


def test_a_signal_that_comes_at_the_worst_moment_is_not_waited_for_for_good() -> None:
    done = subprocess.run([sys.executable, "-c", STORM], capture_output=True, text=True, timeout=20, check=False)

    assert done.stdout == "rested\n", done.stderr
