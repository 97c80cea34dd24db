"""What comes while a write is under way is written by the next one, and each is told what became of theirs."""

import threading
from collections.abc import Callable, Sequence

import pytest

from platform_core.together import NotWritten, Together


class Slow:
    """A table whose first write ends when it is told to."""

    def __init__(self) -> None:
        self.written: list[list[int]] = []
        self.begun, self.may_end = threading.Event(), threading.Event()

    def write(self, items: Sequence[int]) -> None:
        self.begun.set()
        assert self.may_end.wait(10)
        if -1 in items:
            raise ValueError("-1")
        self.written.append(sorted(items))


def at_once(adding: Callable[[int], None], items: Sequence[int]) -> list[threading.Thread]:
    threads = [threading.Thread(target=adding, args=(item,)) for item in items]
    for thread in threads:
        thread.start()
    return threads


def run(items: Sequence[int], *, most: int = 10) -> tuple[list[list[int]], dict[int, str]]:
    """What was written together when all of these came during the write of 0, and who was told otherwise."""
    table, told = Slow(), dict[int, str]()
    together = Together(table.write, most=most)

    def add(item: int) -> None:
        try:
            together.add(item)
        except NotWritten as error:
            told[item] = repr(error.__cause__)

    threads = at_once(add, [0])
    assert table.begun.wait(10)
    threads += at_once(add, items)
    while len(together._waiting) < len(items):
        threading.Event().wait(0.001)
    table.may_end.set()
    for thread in threads:
        thread.join(10)
    return table.written, told


def test_whoever_comes_during_a_write_is_in_the_next_one() -> None:
    assert run([1, 2, 3]) == ([[0], [1, 2, 3]], {})


def test_no_write_is_of_more_than_it_may_be() -> None:
    written, told = run([1, 2, 3, 4, 5], most=2)

    assert (sorted(item for each in written for item in each), told) == ([0, 1, 2, 3, 4, 5], {})
    assert [len(each) for each in written] == [1, 2, 2, 1]


def test_a_write_that_fails_is_told_to_everybody_in_it_and_nobody_else() -> None:
    assert run([1, -1]) == ([[0]], {1: "ValueError('-1')", -1: "ValueError('-1')"})


def test_somebody_alone_is_written_at_once() -> None:
    table = Slow()
    table.may_end.set()
    together = Together(table.write, most=1)
    together.add(7)
    with pytest.raises(NotWritten):
        together.add(-1)
    together.add(8)

    assert table.written == [[7], [8]]


def test_what_ends_a_thread_leaves_nobody_waiting() -> None:
    def write(items: Sequence[int]) -> None:
        if -1 in items:
            raise SystemExit

    together = Together(write, most=1)
    with pytest.raises(SystemExit):
        together.add(-1)

    together.add(2)
