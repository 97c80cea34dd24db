"""A process that is killed around a call."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest


class Killed(BaseException):
    """The process is gone: no handler runs."""


def killed(patch: pytest.MonkeyPatch, owner: Any, name: str, *, after: bool) -> None:
    """The next call of the function kills the process, before it does anything or after it did everything."""
    original: Callable[..., Any] = getattr(owner, name)

    def deadly(*args: Any, **kwargs: Any) -> Any:
        if after:
            with suppress(Exception):
                original(*args, **kwargs)
        raise Killed(name)

    patch.setattr(owner, name, deadly)
