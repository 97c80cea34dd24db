"""Asking a loop to end, from wherever one is: also from a signal handler."""

from contextlib import suppress
from queue import Empty, SimpleQueue


class Stop:
    """Like threading.Event for one waiter, and safe to set in a signal handler.

    An Event has a lock, which its own thread may hold at the moment when the signal comes: the handler would wait for
    it for good. Putting into a SimpleQueue is reentrant.
    """

    def __init__(self) -> None:
        self._asked = False
        self._bell: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """Ask."""
        self._asked = True
        self._bell.put(None)

    def is_set(self) -> bool:
        """Whether somebody asked."""
        return self._asked

    def wait(self, seconds: float) -> bool:
        """Rest for so long, or until somebody asks; whether somebody did."""
        if not self._asked:
            with suppress(Empty):
                self._bell.get(timeout=seconds)
        return self._asked
