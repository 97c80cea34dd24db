"""What was told us once: acted upon again where somebody asks, and kept for a time."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from platform_core import clock, nudges
from platform_core.errors import Conflict, InvalidInput
from platform_core.models import ProviderEvent
from platform_core.services import audit

BATCH = 1000
# A hundred a second.
BETWEEN_BATCHES = timedelta(seconds=10)
Status = ProviderEvent.Status
# A provider lists what it told for thirty days: what we forgot sooner would be taken for missed.
FEWEST_DAYS = 31


@transaction.atomic
def replay(event: ProviderEvent, *, by: audit.Person) -> ProviderEvent:
    """Have an event acted upon once more. What it is about is read anew, so nothing comes about twice."""
    settled = ProviderEvent.objects.filter(pk=event.pk).exclude(status=Status.RECEIVED)
    if not settled.update(**_anew()):
        raise Conflict("It waits to be acted upon already.")
    event.refresh_from_db()
    audit.record("provider_event.replay", event, by=by)
    nudges.nudge()
    return event


@transaction.atomic
def replay_range(since: datetime, until: datetime, *, kind: str = "") -> int:
    """The same for all that happened in a range, of one kind or of those that begin so; gives how many those are.

    They become due one batch after the other, so that news is not kept waiting by them, nor the provider overrun.
    """
    if until <= since:
        raise InvalidInput("The range ends before it begins.", details={"until": ["Must be later than since."]})
    chosen = ProviderEvent.objects.between(since, until).filter(kind__startswith=kind).exclude(status=Status.RECEIVED)
    settled = list(chosen.order_by("occurred_at", "pk").values_list("pk", flat=True))
    for number, first in enumerate(range(0, len(settled), BATCH)):
        batch = ProviderEvent.objects.filter(pk__in=settled[first : first + BATCH])
        batch.update(**_anew(after=number * BETWEEN_BATCHES))
    if settled:
        changes = {"since": since, "until": until, "kind": kind, "events": len(settled)}
        audit.record("provider_event.replay", ProviderEvent.objects.get(pk=settled[0]), by=None, changes=changes)
        nudges.nudge()
    return len(settled)


def _anew(after: timedelta = timedelta(0)) -> dict[str, Any]:
    due = clock.now() + after
    return {"status": Status.RECEIVED, "attempt": 0, "run_after": due, "processed_at": None, "error": ""}


def forget_old() -> dict[str, int]:
    """Delete events that were settled long ago, with their tries. What failed stays until staff have seen to it."""
    before = clock.now() - timedelta(days=max(settings.PROVIDER_EVENT_DAYS, FEWEST_DAYS))
    settled = ProviderEvent.objects.filter(created_at__lt=before, status__in=(Status.PROCESSED, Status.IGNORED))
    forgotten = 0
    while batch := list(settled.order_by("created_at").values_list("pk", flat=True)[:BATCH]):
        ProviderEvent.objects.filter(pk__in=batch).delete()
        forgotten += len(batch)
    return {"events": forgotten}
