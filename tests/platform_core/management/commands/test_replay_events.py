"""A range of events is acted upon again, and nothing comes about twice."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from billing.models import Invoice, Subscription
from platform_core import clock
from platform_core.models import AuditEvent, ProviderEvent
from tests.billing import shop, state


def test_all_of_a_purchase_again(capsys: pytest.CaptureFixture[str]) -> None:
    shop.customer()
    before, events = state.everything(), ProviderEvent.objects.exclude(kind__startswith="product").count()
    until = (clock.now() + timedelta(days=1)).isoformat()

    call_command("replay_events", "--since=2020-01-01", f"--until={until}")

    assert f"{events} events are acted upon again." in capsys.readouterr().out
    told = AuditEvent.objects.get(action="provider_event.replay")
    assert told.actor_id == "command:replay_events"
    shop.work()
    assert not ProviderEvent.objects.filter(status__in=("RECEIVED", "FAILED")).exists()
    after = state.everything()
    after["AuditEvent"] = [row for row in after["AuditEvent"] if "provider_event.replay" not in row]
    assert after == before
    assert (Subscription.objects.count(), Invoice.objects.count()) == (1, 1)


def test_a_range_that_ends_before_it_begins() -> None:
    with pytest.raises(CommandError, match="ends before it begins"):
        call_command("replay_events", "--since=2026-03-02", "--until=2026-03-01")
