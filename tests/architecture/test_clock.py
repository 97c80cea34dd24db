"""`platform_core.clock` is the only source of now, under whatever name another one is imported."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture import source

# The agent is a program of its own, on a machine of its own.
CLOCKS = {Path("platform_core/clock.py"), Path("tenants/agent/clock.py")}
OTHERS = [
    "import datetime\ndatetime.datetime.now()",
    "import datetime as d\nd.datetime.now(d.UTC)",
    "from datetime import datetime as dt\ndt.now()",
    "from datetime import datetime\ndatetime.utcnow()",
    "from datetime import datetime\ndatetime.today()",
    "from datetime import date\ndate.today()",
    "from datetime import datetime\nnow = datetime.now",
    "from django.utils import timezone as tz\ntz.now()",
    "from django.utils.timezone import now as moment\nmoment()",
    "from django.utils import timezone\ntimezone.localdate()",
    "from django.utils import timezone\ntimezone.localtime()",
    "import time as t\nt.time()",
    "from time import time as seconds\nseconds()",
    "import time\ntime.time_ns()",
    "import time\ntime.localtime()",
    "import time\ntime.gmtime()",
    "import time\ntime.strftime('%Y')",
    "import time\ntime.ctime()",
    "from django.db.models.functions import Now\nNow()",
]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the samples that the linter refuses, with the project's own settings."""
    folder = tmp_path_factory.mktemp("clocks")
    for number, code in enumerate(OTHERS):
        (folder / f"sample_{number}.py").write_text(code + "\n")
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "TID251", "--output-format", "concise"]
    settings = ["--config", str(source.ROOT / "pyproject.toml")]
    done = subprocess.run([*command, *settings, str(folder)], capture_output=True, text=True, check=False)
    return set(re.findall(r"sample_\d+", done.stdout))


@pytest.mark.parametrize("number", range(len(OTHERS)), ids=[code.replace("\n", "; ") for code in OTHERS])
def test_the_linter_refuses_every_other_clock(number: int, verdicts: set[str]) -> None:
    assert f"sample_{number}" in verdicts


def test_only_the_clocks_are_excused() -> None:
    excused = {path for path in source.files() if re.search(r"noqa:[^\n]*TID251", source.text(path))}

    assert excused == CLOCKS


def test_no_query_asks_the_database_what_time_it_is() -> None:
    """Two clocks disagree; SQL's would also not move with the sandbox."""
    words = re.compile(r"current_timestamp|\bnow\(\)\s*(::|\+|-|,|\))|strftime\('|datetime\('now", re.IGNORECASE)
    literals = [
        f"{path}:{node.lineno}"
        for path in source.files()
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and words.search(node.value)
    ]

    assert literals == []
