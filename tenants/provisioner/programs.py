"""Starting our own programs, with nothing of the hub's around them."""

import os
import subprocess
import sys
from pathlib import Path

# Where `python -m tenants.agent` is found.
CODE = Path(__file__).resolve().parents[2]
START_SECONDS = 20.0
# What a program inherits: the hub's environment holds its secrets.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")


def start(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m module`, which detaches what is to stay; how it answered."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=CODE,
        env={name: os.environ[name] for name in INHERITED if name in os.environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
