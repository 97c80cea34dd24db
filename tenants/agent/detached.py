"""Going on without the process that started us."""

import os
from pathlib import Path


def leave(output: Path) -> bool:
    """Fork into a session of its own, with nobody to wait for; True in the process that was started first.

    Locks and listening sockets that are held already stay held by the one that goes on. What it prints goes to a file.
    """
    if os.fork():
        return True
    os.setsid()
    if os.fork():
        os._exit(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    printed = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(nothing, 0)
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    os.close(nothing)
    os.close(printed)
    return False
