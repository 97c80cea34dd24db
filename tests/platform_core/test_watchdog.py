"""Holding a lease for as long as work may take."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from platform_core import clock, leases, watchdog
from platform_core.models import Mail
from tests import make


def claimed(seconds: float = 60) -> Mail:
    make.mail()
    mail = leases.claim(Mail, worker="w", seconds=seconds)
    assert mail is not None
    return mail


@pytest.mark.django_db(transaction=True)
def test_the_lease_is_renewed_while_the_work_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    mail = claimed(0.2)
    renewed = threading.Event()
    renew = leases.renew

    def observed(row: Any, seconds: float | None = None) -> bool:
        result = renew(row, 90)
        renewed.set()
        return result

    monkeypatch.setattr(leases, "renew", observed)
    with watchdog.keep(mail, timeout=60, seconds=0.2):
        assert renewed.wait(10)

    mail.refresh_from_db()
    assert mail.lease_until > clock.wall() + timedelta(seconds=60)


def test_work_that_takes_too_long_ends_the_process() -> None:
    ended = threading.Event()

    with watchdog.keep(claimed(), timeout=0.01, overrun=ended.set):
        assert ended.wait(10)


def test_work_that_ends_in_time_does_not() -> None:
    ended = threading.Event()

    with watchdog.keep(claimed(), timeout=0.05, overrun=ended.set):
        pass

    assert not ended.wait(0.1)


def test_a_renewal_that_fails_is_not_the_end(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    tried = threading.Barrier(2)

    def fail(row: Any, seconds: float | None = None) -> bool:
        tried.wait(10)
        raise OperationalError("the database is away")

    monkeypatch.setattr(leases, "renew", fail)
    with watchdog.keep(claimed(), timeout=60, seconds=0.04):
        tried.wait(10)
        tried.wait(10)

    assert "Could not renew the lease of platform_core.Mail" in caplog.text
