"""The demo's children: one that is killed is started again, with nothing of it left over."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenants.management.demo.processes import REVIVALS, YOUNG_SECONDS, ProcessTree


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[ProcessTree]:
    tree = ProcessTree(tmp_path, dict(os.environ), tmp_path)
    tree.start("sleeper", ["sleep", "600"])
    yield tree
    tree.stop()


def kill(tree: ProcessTree) -> int:
    child = tree.children["sleeper"]
    os.kill(child.pid, signal.SIGKILL)
    child.wait(10)
    return child.pid


def test_whoever_lives_is_left_alone(tree: ProcessTree) -> None:
    assert tree.revive() is None
    assert not tree.is_hopeless


def test_whoever_was_killed_is_started_again(tree: ProcessTree) -> None:
    killed = kill(tree)

    assert tree.revive() == "sleeper"

    assert tree.dead() is None
    assert tree.children["sleeper"].pid != killed
    assert tree.pid_file.read_text() == str(tree.children["sleeper"].pid)


def test_whoever_keeps_ending_soon_is_given_up(tree: ProcessTree) -> None:
    for _ in range(REVIVALS):
        kill(tree)
        assert tree.revive() == "sleeper"
    kill(tree)

    assert tree.revive() is None
    assert tree.is_hopeless


def test_whoever_lived_for_a_while_is_not(tree: ProcessTree) -> None:
    tree.died_young = REVIVALS - 1
    tree.started_at["sleeper"] -= YOUNG_SECONDS
    kill(tree)

    assert tree.revive() == "sleeper"
    assert tree.died_young == 0
