"""The outside world: a folder. A thing is a file named after what it was made for and a number of its own."""

import os
import time
from pathlib import Path
from uuid import UUID, uuid4


def _folder() -> Path:
    folder = sign("things")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def find(mark: UUID) -> str:
    """The thing that carries this mark, or nothing."""
    return next((path.name for path in _folder().glob(f"{mark}.*")), "")


def make(mark: UUID) -> str:
    """Another thing, however many there are."""
    thing = _folder() / f"{mark}.{uuid4().hex}"
    thing.touch()
    return thing.name


def sign(name: str) -> Path:
    """A file by which a process and the test that runs it understand each other."""
    return Path(os.environ["WORLD"]) / name


def wait_for(name: str, seconds: float = 60) -> None:
    """Until the test gives the sign."""
    ends = time.monotonic() + seconds
    while not sign(name).exists() and time.monotonic() < ends:
        time.sleep(0.01)
