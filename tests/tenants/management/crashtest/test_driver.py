"""What a crashtest says of itself in the end."""

from pathlib import Path

import pytest
from pytest_django import Settings

from platform_core.models import Job, Mail
from tenants.management.crashtest.driver import Driver, _kinds_waiting
from tests import make


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, settings: Settings) -> None:
    settings.TENANT_ROOT = tmp_path / "tenants"
    settings.TENANT_ROOT.mkdir()
    settings.EMAIL_FILE_PATH = tmp_path / "mail"


def driver(tmp_path: Path, kills: int) -> Driver:
    return Driver(tmp_path, kills=kills, orders=2, seed=1)


def test_all_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert driver(tmp_path, kills=0)._report() == 0

    assert capsys.readouterr().out == "0 kills, 0 orders: 0 lost, 0 doubled, 0 stuck\n"


def test_too_few_kills_prove_nothing(tmp_path: Path) -> None:
    assert driver(tmp_path, kills=1)._report() == 1


def test_what_is_wrong_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mail = make.mail()

    assert driver(tmp_path, kills=0)._report() == 1

    *listed, verdict = capsys.readouterr().out.splitlines()
    assert [line.split("] ")[1] for line in listed] == [
        f"doubled: mail of ('{mail.template}', '{mail.to}'): 1",
        f"lost: message of {mail.pk}",
        f"stuck: mail {mail.pk}: {mail}",
    ]
    assert verdict == "0 kills, 0 orders: 1 lost, 1 doubled, 1 stuck"


def test_progress_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    speaker = driver(tmp_path, kills=0)
    for text in ("one", "one", "two"):
        speaker._say(text)

    assert [line.split("] ")[1] for line in capsys.readouterr().out.splitlines()] == ["one", "two"]


def test_kinds_of_work_that_wait() -> None:
    make.mail(status=Mail.Status.SENT)
    make.job(status=Job.Status.FAILED)
    assert _kinds_waiting() == 0

    make.mail()
    make.mail()
    make.job(status=Job.Status.WAITING)
    make.webhook_delivery()
    assert _kinds_waiting() == 3
