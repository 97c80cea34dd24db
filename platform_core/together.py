"""What many threads write at the same moment, in one statement and one commit.

Whoever comes while a write is under way waits for its end; the first of those who waited then writes for all of them.
So nobody waits longer than for one write before their own, and a busy server commits once for a dozen requests.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


class NotWritten(Exception):
    """The write that this was a part of failed; its cause says why. Nothing of it is stored."""


@dataclass
class _Entry(Generic[T]):
    item: T
    is_done: bool = False
    error: Exception | None = None
    # Held until there is something to do for whoever brought it: go back, or write.
    woken: threading.Lock = field(default_factory=threading.Lock)


class Together(Generic[T]):
    """Hands `write` what came, at most so much at once. `write` stores all of it or raises."""

    def __init__(self, write: Callable[[Sequence[T]], object], *, most: int) -> None:
        self._write, self._most = write, most
        self._waiting: deque[_Entry[T]] = deque()
        self._list, self._is_writing = threading.Lock(), False

    def add(self, item: T) -> None:
        """Comes back once the item is stored; raises NotWritten otherwise."""
        entry = _Entry(item)
        entry.woken.acquire()
        with self._list:
            self._waiting.append(entry)
            is_next, self._is_writing = not self._is_writing, True
        if not is_next:
            # Nobody who is done waits for a write that is not theirs.
            entry.woken.acquire()
        if not entry.is_done:
            self._write_next()
        if entry.error is not None:
            raise NotWritten from entry.error

    def _write_next(self) -> None:
        with self._list:
            taken = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
        # What ends the thread ends the write: those who wait are told so.
        error: Exception | None = NotWritten("The write was cut short.")
        try:
            error = self._written([entry.item for entry in taken])
        finally:
            self._hand_over()
            for entry in taken:
                entry.error, entry.is_done = error, True
                entry.woken.release()

    def _written(self, items: Sequence[T]) -> Exception | None:
        try:
            self._write(items)
        except Exception as raised:  # noqa: BLE001 - told to each of those who wait
            return raised
        return None

    def _hand_over(self) -> None:
        """The next write is of whoever has waited longest."""
        with self._list:
            self._is_writing = bool(self._waiting)
            if self._waiting:
                self._waiting[0].woken.release()
