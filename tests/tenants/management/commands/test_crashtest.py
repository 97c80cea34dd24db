"""The command around a crashtest: an environment of its own, and nothing left behind when all was well."""

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
        calls.append({"arguments": arguments[3:], "environment": env, "folder": folder, "existed": folder.is_dir()})
        return SimpleNamespace(returncode=calls[0]["status"])

    monkeypatch.setattr(subprocess, "run", run)
    return calls


def test_databases_and_folders_of_its_own(started: Started) -> None:
    call_command("crashtest", kills=20, seed=7)

    (_, call) = started
    environment, folder = call["environment"], call["folder"]
    assert call["arguments"] == [f"--folder={folder}", "--kills=20", "--orders=5", "--seed=7"]
    assert environment["DATABASE_URL"].rpartition("/")[2] != str(settings.DATABASES["default"]["NAME"])
    for name in ("SANDBOX_DATABASE_URL", "EMAIL_URL", "TENANT_ROOT", "DATA_DIR"):
        assert str(folder) in environment[name]
    assert environment["SANDBOX"] == "true"
    assert not any(environment[name] for name in ("STRIPE_SECRET_KEY", "REDIS_URL", "CELERY_BROKER_URL"))
    assert call["existed"]
    assert not folder.exists()


def test_a_failure_keeps_its_logs(started: Started) -> None:
    started[0]["status"] = 1

    with pytest.raises(CommandError, match="its seed was 7"):
        call_command("crashtest", kills=1, orders=3, seed=7)

    folder = started[1]["folder"]
    assert folder.is_dir()
    folder.rmdir()
