"""The command around a shuffletest: an environment of its own, and nothing left behind when all was well."""

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

Started = list[dict[str, Any]]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """What was started instead of the test itself; it ends with the status of the first entry."""
    calls: Started = [{"status": 0}]

    def run(arguments: list[str], env: dict[str, str], **options: Any) -> SimpleNamespace:
        folder = Path(env["DATA_DIR"])
        (folder / "workers.log").write_text("a worker's last word")
        calls.append({"arguments": arguments[1:], "environment": env, "folder": folder})
        return SimpleNamespace(returncode=calls[0]["status"])

    monkeypatch.setattr(subprocess, "run", run)
    return calls


def test_a_database_and_a_folder_of_its_own(started: Started) -> None:
    call_command("shuffletest", subscriptions=10, seed=7)

    (_, call) = started
    environment, folder = call["environment"], call["folder"]
    assert call["arguments"][2:] == [f"--folder={folder}", "--subscriptions=10", "--seed=7"]
    assert environment["DATABASE_URL"].rpartition("/")[2] != str(settings.DATABASES["default"]["NAME"])
    assert (environment["SANDBOX"], environment["REDIS_URL"]) == ("true", "")
    assert not folder.exists()


def test_a_failure_shows_the_logs_and_the_seed(started: Started, capsys: pytest.CaptureFixture[str]) -> None:
    started[0]["status"] = 1

    with pytest.raises(CommandError, match="its seed was 7"):
        call_command("shuffletest", subscriptions=1, seed=7)

    assert "a worker's last word" in capsys.readouterr().out
    folder = started[1]["folder"]
    (folder / "workers.log").unlink()
    folder.rmdir()
