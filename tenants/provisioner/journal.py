"""The log of one run, line by line. It goes on where a killed run left off."""

import os
from collections.abc import Callable

from tenants.agent import files
from tenants.provisioner.layout import Run


def _nothing(line: str) -> None:
    """For whoever need not hear of each line."""


class Journal:
    """A line that stands there already is not written again: a repeated step says the same words."""

    def __init__(self, run: Run, heard: Callable[[str], None] = _nothing) -> None:
        run.root.mkdir(parents=True, exist_ok=True)
        self._path = run.log
        self._heard = heard
        self._drop_unfinished_line()
        self._lines = set(files.whole_lines(run.log))

    def line(self, text: str) -> None:
        """Tell of something that is done."""
        if text not in self._lines:
            files.append_line(self._path, text)
            self._lines.add(text)
            self._heard(text)

    @property
    def is_new(self) -> bool:
        """Whether nothing was written yet."""
        return not self._lines

    def _drop_unfinished_line(self) -> None:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return
        os.truncate(self._path, content.rfind(b"\n") + 1)
