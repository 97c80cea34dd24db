"""A suite that may take only so long: SUITE_SECONDS after it began it begins no more tests, and says so.

SUITE_ORDER is any text: it says with which file to begin, so that what is left out is something else each time.
"""

import hashlib
import os
import time

import pytest

SECONDS = float(os.environ.get("SUITE_SECONDS", "inf"))
ORDER = os.environ.get("SUITE_ORDER", "")
REASON = "no time is left"

_began = time.monotonic()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """From the file on that this order begins with, round to the one before it."""
    if ORDER and items:
        begins = int(hashlib.sha256(ORDER.encode()).hexdigest(), 16) % len(items)
        first = next((at for at in range(begins, len(items)) if _file(items[at]) != _file(items[at - 1])), 0)
        items[:] = items[first:] + items[:first]


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Before anything is made ready for the test."""
    if time.monotonic() - _began > SECONDS:
        pytest.skip(REASON)
