"""Files that survive being interrupted, and locks that the kernel frees however their holder ends."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from tenants.agent import foreign_json

PRIVATE = 0o600
RETRY_SECONDS = 0.02


def write_atomically(path: Path, text: str, mode: int = PRIVATE) -> None:
    """Readers see the old text or the new one, never a part, and never with wider permissions."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def write_json(path: Path, value: Any) -> None:
    """A value as JSON, atomically."""
    write_atomically(path, json.dumps(value, indent=1, sort_keys=True) + "\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """An object that was written before; None where there is none, or none that can be read."""
    try:
        value = foreign_json.read(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def append_line(path: Path, text: str) -> None:
    """One line at the end, in one write: lines of several writers never mix, nor with one that was cut off."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, PRIVATE)
    try:
        size = os.fstat(descriptor).st_size
        cut_off = size and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, f"{chr(10) if cut_off else ''}{text}\n".encode())
    finally:
        os.close(descriptor)


def whole_lines(path: Path) -> list[str]:
    """The lines of a file that are complete; an unfinished last one does not count yet."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    return content[: content.rfind(b"\n") + 1].decode("utf-8", "replace").splitlines()


def json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a journal. A line that a full disk cut off is passed over."""
    for text in whole_lines(path):
        try:
            value = foreign_json.read(text)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


class Lock:
    """Held by one process at a time. It passes to a forked child, not to an executed program."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def acquire(self, seconds: float = 0.5) -> bool:
        """Take it. Tries for a moment, because `held` touches the lock to look at it."""
        file = self._path.open("a+", encoding="utf-8")
        give_up = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() < give_up:
                    time.sleep(RETRY_SECONDS)
                    continue
                file.close()
                return False
            self._file = file
            self.sign()
            return True

    def sign(self) -> None:
        """Write down who holds it: again after a fork."""
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate()
            self._file.write(str(os.getpid()))
            self._file.flush()

    def release(self) -> None:
        """Give it back."""
        if self._file is not None:
            self._file.close()
            self._file = None


def held(path: Path) -> bool:
    """Whether some process holds the lock."""
    try:
        with path.open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def holder(path: Path) -> int | None:
    """The process that holds the lock."""
    if not held(path):
        return None
    text = path.read_text(encoding="utf-8")
    return int(text) if text.isdigit() else None
