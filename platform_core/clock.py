"""The only source of now, in every process.

Two times: `now()` is business time, which the sandbox can move forward to show a month in a minute; `wall()` is the
machine's own time, for leases and timeouts, which must not all run out because somebody advanced the sandbox.

The sandbox's offset is a stored row. `refresh` marks the beginning of a request, a job or a worker's round; the first
question after it reads the row, and within that unit of work the offset stands still.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

OffsetReader = Callable[[], timedelta]


class _Offset(threading.local):
    """The offset as this thread last read it, and whether it is to be read again."""

    value = timedelta(0)
    is_stale = False


_offset = _Offset()
_reader: OffsetReader | None = None


def wall() -> datetime:
    """The machine's time, aware UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the one place


def now() -> datetime:
    """Business time, aware UTC."""
    return wall() + offset()


def today() -> date:
    """The UTC date of business time."""
    return now().date()


def install_reader(reader: OffsetReader) -> None:
    """The sandbox registers where its offset is stored; without it, business time is the machine's time."""
    global _reader  # noqa: PLW0603
    _reader = reader


def refresh() -> None:
    """A request, a job or a worker's round begins: whatever was read of the offset is old."""
    _offset.is_stale = _reader is not None


def offset() -> timedelta:
    """How far business time is ahead of the machine's."""
    if _offset.is_stale and _reader is not None:
        _offset.value = _reader()
        _offset.is_stale = False
    return _offset.value


@contextmanager
def back_at(moment: datetime) -> Iterator[None]:
    """Within the block it is that moment in this thread: how a past is made for a company that has none yet."""
    before, stale = _offset.value, _offset.is_stale
    _offset.value, _offset.is_stale = moment - wall(), False
    try:
        yield
    finally:
        _offset.value, _offset.is_stale = before, stale
