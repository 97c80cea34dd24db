"""A mirror that could not be written is told in the log and holds up nothing; in a test it is a failure."""

import logging
from collections.abc import Generator

import pytest

TOLD = "The mirror could not be written; the projection goes on."
EXPECTED = "mirror_fails"


class _Heard(logging.Handler):
    """What the projection told of the mirror since it was last asked."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.traces: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg == TOLD:
            self.traces.append(logging.Formatter().format(record))


_heard = _Heard()


def listen() -> None:
    """From now on, for the rest of the process."""
    logging.getLogger("billing.services.subscriptions").addHandler(_heard)


def watched(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test in which it happened, unless it is marked as one that is about that."""
    _heard.traces.clear()
    result = yield
    if _heard.traces and item.get_closest_marker(EXPECTED) is None:
        pytest.fail(_heard.traces[0], pytrace=False)
    return result
