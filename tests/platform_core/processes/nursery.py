"""`python -m …nursery`: has everything loaded, and becomes in a child whatever each line that it reads says.

A line is JSON: the file for the output, then the arguments as Python would get them. The child's pid is answered; how
it ended is written beside its output. Starting Python and Django is most of what these processes would cost.
"""

import gc
import json
import os
import runpy
import select
import signal
import sys
from pathlib import Path

import django


def children() -> list[str]:
    """Start one for each line; comes back in the child, with its arguments, and in the parent after the last line."""
    outputs: dict[int, Path] = {}
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    while True:
        ready, _, _ = select.select([sys.stdin, ended], [], [])
        if ended in ready:
            os.read(ended, 512)
            _bury(outputs)
        if sys.stdin in ready:
            line = sys.stdin.readline()
            if not line:
                return []
            given: list[str] = json.loads(line)
            output, *arguments = given
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                _leave_home(output)
                return arguments
            outputs[pid] = Path(output)
            print(pid, flush=True)  # noqa: T201


def _leave_home(output: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    with Path(output).open("w") as file, Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)


def _bury(outputs: dict[int, Path]) -> None:
    for pid, output in [*outputs.items()]:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            del outputs[pid]
            # Written whole, then named: whoever sees it may read it.
            partial = output.with_suffix(".partial")
            partial.write_text(str(os.waitstatus_to_exitcode(status)))
            partial.rename(output.with_suffix(".code"))


if __name__ == "__main__":
    django.setup()

    import tests.platform_core.processes.outside.rows
    import tests.platform_core.processes.outside.tasks  # noqa: F401
    from platform_core.management.commands import runworker  # noqa: F401

    gc.freeze()
    match children():
        case ["-m", module, *arguments]:
            sys.argv = [module, *arguments]
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        case [path, *arguments]:
            sys.argv = [path, *arguments]
            runpy.run_path(path, run_name="__main__")
