"""Files and locks that outlive whoever is killed."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

from tenants.agent import files
from tenants.agent.files import Lock

LOOK = """
import sys
from pathlib import Path
from tenants.agent import files
print("looking", flush=True)
while True:
    files.held(Path(sys.argv[1]))
"""
HOLD = """
import sys, time
from pathlib import Path
from tenants.agent.files import Lock
lock = Lock(Path(sys.argv[1]))
assert lock.acquire()
print("held", flush=True)
time.sleep(60)
"""


def test_what_is_written_is_for_its_owner_only_and_never_seen_in_part(tmp_path: Path) -> None:
    path = tmp_path / "identity.json"
    path.write_text("{}")
    path.chmod(0o644)

    files.write_json(path, {"key": "hk_1"})

    assert files.read_json(path) == {"key": "hk_1"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_read_is_as_good_as_missing(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert files.read_json(path) is None

    for text in ("", "{", "[1]", "7", "[" * 4000):
        path.write_text(text)
        assert files.read_json(path) is None


def test_a_line_after_one_that_was_cut_off_stands_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    files.append_line(path, '{"n": 1}')
    with path.open("a") as file:
        file.write('{"n": ')

    assert files.whole_lines(path) == ['{"n": 1}']
    files.append_line(path, '{"n": 3}')

    assert files.whole_lines(path) == ['{"n": 1}', '{"n": ', '{"n": 3}']
    files.append_line(path, "[4]")
    assert list(files.json_lines(path)) == [{"n": 1}, {"n": 3}]


def test_a_file_that_is_not_there_has_no_lines(tmp_path: Path) -> None:
    assert files.whole_lines(tmp_path / "none") == []


def test_a_lock_is_held_by_one_and_freed_when_its_holder_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not files.held(path)
    assert files.holder(path) is None

    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert files.held(path)
        assert files.holder(path) == process.pid
        assert not Lock(path).acquire(seconds=0.05)

        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    mine = Lock(path)
    assert mine.acquire(seconds=5)
    assert files.holder(path) == os.getpid()
    mine.release()
    mine.release()
    assert not files.held(path)


def test_looking_at_a_lock_never_keeps_it_from_being_taken(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    looker = subprocess.Popen([sys.executable, "-c", LOOK, str(path)], stdout=subprocess.PIPE)
    with looker:
        assert looker.stdout is not None
        looker.stdout.readline()
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            lock = Lock(path)
            assert lock.acquire(seconds=10)
            lock.release()
        looker.kill()


def test_a_lock_that_was_never_signed_names_nobody(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = Lock(path)
    lock.sign()
    assert not path.exists()

    assert lock.acquire()
    path.write_text("")
    assert files.held(path)
    assert files.holder(path) is None
    lock.release()
