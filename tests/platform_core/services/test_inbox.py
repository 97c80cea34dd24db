"""Events are acted upon again where somebody asks, and forgotten when their time is over."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from platform_core import clock
from platform_core.errors import Conflict, InvalidInput
from platform_core.models import AuditEvent, ProviderEvent, ProviderEventTry
from platform_core.services import inbox
from tests import make

FAILED = {"status": "FAILED", "attempt": 36, "error": "It has a price that nobody knows."}


def test_a_failed_event_is_tried_from_the_first_try_again() -> None:
    event = make.provider_event(**FAILED)
    by = make.user()

    inbox.replay(event, by=by)

    event.refresh_from_db()
    assert (event.status, event.attempt, event.error) == ("RECEIVED", 0, "")
    told = AuditEvent.objects.get(action="provider_event.replay")
    assert (told.actor_id, told.target_id) == (str(by.pk), str(event.pk))


def test_one_that_waits_need_not_be_asked_for() -> None:
    event = make.provider_event(attempt=3)

    with pytest.raises(Conflict):
        inbox.replay(event, by=make.user())

    event.refresh_from_db()
    assert event.attempt == 3
    assert not AuditEvent.objects.exists()


def test_a_range_of_a_kind() -> None:
    now = clock.now()
    day = timedelta(days=1)
    inside = make.provider_event(kind="invoice.paid", occurred_at=now - day, **FAILED)
    others = [
        make.provider_event(kind="invoice.paid", occurred_at=now, **FAILED),
        make.provider_event(kind="invoice.paid", occurred_at=now - 3 * day, **FAILED),
        make.provider_event(kind="charge.refunded", occurred_at=now - day, **FAILED),
    ]

    assert inbox.replay_range(now - 2 * day, now, kind="invoice.") == 1

    assert ProviderEvent.objects.get(status="RECEIVED") == inside
    assert ProviderEvent.objects.filter(status="FAILED").count() == len(others)
    assert AuditEvent.objects.get(action="provider_event.replay").changes["events"] == 1
    assert inbox.replay_range(now - 2 * day, now, kind="invoice.") == 0
    with pytest.raises(InvalidInput):
        inbox.replay_range(now, now)


def test_a_long_range_becomes_due_one_batch_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "BATCH", 2)
    now = clock.now()
    events = [make.provider_event(occurred_at=now - timedelta(hours=hours), **FAILED) for hours in (5, 4, 3, 2, 1)]

    assert inbox.replay_range(now - timedelta(days=1), now) == 5

    due = [event.run_after for event in ProviderEvent.objects.order_by("occurred_at")]
    waits = [round((at - due[0]).total_seconds()) for at in due]
    assert waits == [0, 0, 10, 10, 20]
    assert AuditEvent.objects.get(action="provider_event.replay").target_id == str(events[0].pk)


@pytest.mark.parametrize(("days", "kept_days"), [(90, 90), (1, 31)])
def test_what_was_settled_long_ago_is_forgotten(settings: Settings, days: int, kept_days: int) -> None:
    settings.PROVIDER_EVENT_DAYS = days
    old = clock.now() - timedelta(days=kept_days, minutes=1)
    gone = make.provider_event(status="PROCESSED", created_at=old)
    ProviderEventTry.objects.create(event=gone, outcome="PROCESSED")
    kept = {
        make.provider_event(status="FAILED", created_at=old).pk,
        make.provider_event(created_at=old).pk,
        make.provider_event(status="IGNORED", created_at=old + timedelta(minutes=2)).pk,
    }

    assert inbox.forget_old() == {"events": 1}

    assert set(ProviderEvent.objects.values_list("pk", flat=True)) == kept
    assert not ProviderEventTry.objects.exists()
