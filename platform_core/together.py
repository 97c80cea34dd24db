"""What many threads write at the same moment, in one statement and one commit.

Whoever comes while a write is under way waits for its end; the first of those who waited then writes for all of them.
So nobody waits longer than for one write before their own, and a busy server commits once for a dozen requests.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


class NotWritten(Exception):
    """The write that this was a part of failed; its cause says why. Nothing of it is stored."""


@dataclass
class _Entry(Generic[T]):
    item: T
    is_done: bool = False
    error: Exception | None = None


class Together(Generic[T]):
    """Hands `write` what came, at most so much at once. `write` stores all of it or raises."""

    def __init__(self, write: Callable[[Sequence[T]], object], *, most: int) -> None:
        self._write, self._most = write, most
        self._waiting: list[_Entry[T]] = []
        self._turn, self._list = threading.Lock(), threading.Lock()

    def add(self, item: T) -> None:
        """Comes back once the item is stored; raises NotWritten otherwise."""
        entry = _Entry(item)
        with self._list:
            self._waiting.append(entry)
        while not entry.is_done:
            with self._turn:
                if not entry.is_done:
                    self._write_next()
        if entry.error is not None:
            raise NotWritten from entry.error

    def _write_next(self) -> None:
        with self._list:
            taken, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        error: Exception | None = None
        try:
            self._write([entry.item for entry in taken])
        except Exception as raised:  # noqa: BLE001 - told to each of those who wait
            error = raised
        for entry in taken:
            entry.error, entry.is_done = error, True
