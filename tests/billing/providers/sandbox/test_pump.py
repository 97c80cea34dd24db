"""Stripe's own process: rounds until it is told to stop."""

from datetime import timedelta

import pytest
from django.db import OperationalError

from billing.providers.sandbox import clock, pump, webhooks
from billing.providers.sandbox.models import Clock, Delivery
from platform_core.stopping import Stop
from tests.billing.providers.sandbox import receiver, shop


@pytest.fixture(autouse=True)
def _delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver is somebody else's test."""
    monkeypatch.setattr(webhooks, "send", receiver.accepting)
    monkeypatch.setattr(pump, "close_old_connections", lambda: None)


def test_a_round_does_what_is_due_and_delivers_what_is_told() -> None:
    subscription = shop.subscription()
    pump.turn()
    Clock.objects.update(ahead=timedelta(days=32))

    assert pump.turn() > 2
    assert pump.turn() == 0
    assert [invoice.status for invoice in shop.invoices(subscription.id)] == ["paid", "paid"]
    assert not Delivery.objects.filter(delivered_at=None).exists()
    assert clock.offset() == timedelta(days=32)


def test_it_goes_on_until_it_is_told_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, rounds = Stop(), []

    def turn(arrange: object) -> int:
        rounds.append(arrange)
        if len(rounds) == 2:
            raise OperationalError("database is locked")
        if len(rounds) == 3:
            stop.set()
        return 0

    monkeypatch.setattr(pump, "turn", turn)
    monkeypatch.setattr(pump, "PAUSE_SECONDS", 0)
    pump.run(stop)

    assert rounds == [list, list, list]


def test_a_fault_of_its_own_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def turn(arrange: object) -> int:
        raise RuntimeError("still due")

    monkeypatch.setattr(pump, "turn", turn)

    with pytest.raises(RuntimeError, match="still due"):
        pump.run(Stop())
