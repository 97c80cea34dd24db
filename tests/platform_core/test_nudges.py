"""Nudges: after the commit, or not at all, and never in the way."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from celery import current_app
from django.db import transaction
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from platform_core import nudges

NOBODY = "redis://127.0.0.1:9/0"


@pytest.fixture
def sent(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the messages that were sent."""
    settings.CELERY_BROKER_URL = NOBODY
    names: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **options: names.append(f"{name} {sorted(options)}"))
    return names


def test_a_nudge_waits_for_the_commit(
    sent: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        nudges.nudge()
        assert sent == []

    assert sent == ["platform_core.sweep ['expires', 'ignore_result', 'retry']"]


def test_what_is_undone_nudges_nobody(
    sent: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        nudges.nudge()
        transaction.set_rollback(True)

    assert sent == []


def test_without_a_broker_nothing_is_sent(
    settings: Any, sent: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    settings.CELERY_BROKER_URL = ""
    with django_capture_on_commit_callbacks(execute=True):
        nudges.nudge()

    assert sent == []


def test_a_broker_that_is_away_fails_nothing(
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.CELERY_BROKER_URL = NOBODY
    broker = current_app.conf.broker_url
    current_app.conf.update(broker_url=NOBODY)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            nudges.nudge()
    finally:
        current_app.conf.update(broker_url=broker)

    assert "The broker cannot be reached" in caplog.text


def test_a_thousand_at_once_are_one_or_two_messages_and_the_last_is_heard(
    sent: list[str],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    monkeypatch.setattr(nudges, "_bell", nudges._Bell())
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(1000):
            nudges.nudge_soon()
    wait_for(lambda: len(sent) > 0)
    assert 1 <= len(sent) < 20

    heard = len(sent)
    with django_capture_on_commit_callbacks(execute=True):
        nudges.nudge_soon()
    wait_for(lambda: len(sent) > heard)


def wait_for(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.005)
