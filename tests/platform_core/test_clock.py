"""Two times: the business's, which can be moved, and the machine's, which cannot."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from platform_core import clock


class Stored:
    """An offset as the sandbox would store it, and how often it was read."""

    def __init__(self) -> None:
        self.value = timedelta(0)
        self.reads = 0

    def __call__(self) -> timedelta:
        self.reads += 1
        return self.value


@pytest.fixture
def stored() -> Iterator[Stored]:
    """A clock that reads this offset; afterwards it reads what it read before."""
    before, reader = clock._reader, Stored()
    clock.install_reader(reader)
    yield reader
    clock._reader = before
    clock._offset.value = timedelta(0)
    clock.refresh()


def test_both_are_aware_and_utc() -> None:
    assert clock.wall().tzinfo is UTC
    assert clock.now().tzinfo is UTC


def test_the_offset_moves_business_time_only(stored: Stored) -> None:
    stored.value = timedelta(days=31)
    clock.refresh()

    assert clock.now() - clock.wall() > timedelta(days=30, hours=23)
    assert clock.offset() == timedelta(days=31)


def test_within_a_unit_of_work_the_offset_stands_still(stored: Stored) -> None:
    clock.refresh()
    clock.now()

    stored.value = timedelta(days=1)

    assert clock.offset() == timedelta(0)
    clock.refresh()
    assert clock.offset() == timedelta(days=1)


def test_the_row_is_read_once_and_only_when_it_is_asked_for(stored: Stored) -> None:
    clock.refresh()
    assert stored.reads == 0

    clock.now()
    clock.now()
    clock.today()

    assert stored.reads == 1


def test_a_reader_that_fails_is_asked_again(stored: Stored) -> None:
    def broken() -> timedelta:
        raise LookupError

    clock.install_reader(broken)
    clock.refresh()
    for _ in range(2):
        with pytest.raises(LookupError):
            clock.now()

    clock.install_reader(stored)
    stored.value = timedelta(hours=1)
    assert clock.offset() == timedelta(hours=1)


def test_today_is_the_utc_date_of_business_time(stored: Stored) -> None:
    stored.value = datetime(2028, 2, 29, 12, tzinfo=UTC) - clock.wall()
    clock.refresh()

    assert clock.today() == date(2028, 2, 29)


def test_each_thread_reads_for_itself(stored: Stored) -> None:
    stored.value = timedelta(days=2)
    clock.refresh()
    assert clock.offset() == timedelta(days=2)
    seen: list[timedelta] = []

    def work() -> None:
        seen.append(clock.offset())
        clock.refresh()
        seen.append(clock.offset())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert seen == [timedelta(0), timedelta(days=2)]


def test_without_a_reader_business_time_is_the_machines(stored: Stored) -> None:
    clock._reader = None
    clock.refresh()

    assert clock.offset() == timedelta(0)
