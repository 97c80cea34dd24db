"""The base of commands that change something."""

import getpass
import os
from typing import Any

from django.core.management.base import BaseCommand

from platform_core import context


class AuditedCommand(BaseCommand):
    """What it changes is told of as its doing, and as that of whoever runs it on this machine."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        name = type(self).__module__.rpartition(".")[2]
        with context.working(f"command:{name}", f"command {name} by {_operator()}"):
            return super().execute(*args, **options)


def _operator() -> str:
    """The account on this machine: of whoever became another one, their own. A container may have no name for it."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
