"""What is known of the unit of work in hand: its request id and, for a request, where it came from."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import uuid_utils.compat as uuid7


def new_request_id() -> str:
    """A request id that sorts by time."""
    return f"req_{uuid7.uuid7().hex}"


@dataclass
class RequestContext:
    """Server-side facts of the request or job; callers cannot set any of them but a well-formed request id."""

    request_id: str = field(default_factory=new_request_id)
    ip_address: str | None = None
    user_agent: str = ""
    # The member of staff who acts as the person who calls: id and address.
    impersonator: tuple[str, str] | None = None


# The part of the platform that works by itself: its id, and how the record names it.
_working: ContextVar[tuple[str, str]] = ContextVar("working", default=("", ""))
_current: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def current() -> RequestContext | None:
    """The context in force, if any."""
    return _current.get()


def act_as(impersonator_id: object, label: str) -> None:
    """From here on, whatever the caller does is done by this member of staff in the caller's name."""
    context = _current.get()
    if context is not None:
        context.impersonator = (str(impersonator_id), label)


@contextmanager
def unnamed() -> Iterator[None]:
    """Within the block a request is known by its id alone: what is recorded there is read by others than its caller."""
    held = _current.get()
    token = _current.set(held and RequestContext(held.request_id))
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def working(key: str, label: str) -> Iterator[None]:
    """What nobody in particular does within the block is the doing of this job, command, task or provider's event."""
    token = _working.set((key[:64], label[:254]))
    try:
        yield
    finally:
        _working.reset(token)


def working_as() -> tuple[str, str]:
    """Which part of the platform works; empty where a request does."""
    return _working.get()


def begin(context: RequestContext) -> None:
    """Start a unit of work."""
    _current.set(context)


def end() -> None:
    """The unit of work is over."""
    _current.set(None)
