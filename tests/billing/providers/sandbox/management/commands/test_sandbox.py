"""`manage.py sandbox`."""

import signal
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from billing.providers.sandbox import pump
from billing.providers.sandbox.webhooks import Arrange
from platform_core.stopping import Stop


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """The command's handlers go with the test."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_it_stops_when_it_is_told_to(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def run(stop: Stop, arrange: Arrange) -> None:
        assert arrange is list
        assert not stop.is_set()
        signal.raise_signal(signal.SIGTERM)
        assert stop.is_set()

    monkeypatch.setattr(pump, "run", run)
    call_command("sandbox")

    assert "Delivering webhooks to http://127.0.0.1:8000/api/v1/webhooks/stripe" in capsys.readouterr().out


def test_it_can_deliver_in_disorder(monkeypatch: pytest.MonkeyPatch) -> None:
    arranged: list[object] = []

    def run(stop: Stop, arrange: Arrange) -> None:
        arranged.append(arrange([]))

    monkeypatch.setattr(pump, "run", run)

    call_command("sandbox", "--disorder", "7")

    assert arranged == [[]]


def test_there_is_none_beside_the_real_stripe(settings: Settings) -> None:
    settings.SANDBOX = False

    with pytest.raises(CommandError):
        call_command("sandbox")
