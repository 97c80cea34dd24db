"""The guard that keeps outside calls out of transactions."""

from django.db import connections


class InsideTransaction(RuntimeError):
    """Something that must not wait for, or be undone with, a transaction was called inside one."""


def is_open() -> bool:
    """Whether a transaction of ours may yet be undone. The one that a test case wraps around itself does not count."""
    return _open_on() is not None


def outside() -> None:
    """Raise inside a transaction of ours."""
    alias = _open_on()
    if alias is not None:
        raise InsideTransaction(f"Not inside a transaction (database {alias!r}).")


def _open_on() -> str | None:
    for connection in connections.all(initialized_only=True):
        if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
            return connection.alias
    return None
