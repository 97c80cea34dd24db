"""What the provider told and we never heard: found in its own list of events, stored, and acted upon like any other."""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice, takewhile

from django.db import transaction

from billing.providers import provider
from billing.providers.protocol import VerifiedEvent
from billing.services import event_kinds, inbox
from platform_core import clock, nudges
from platform_core.models import ProviderCursor, ProviderEvent

logger = logging.getLogger(__name__)

NAME = "events"
# For so long the provider keeps its list; and so young a webhook may still be on its way.
LISTED_FOR, ON_ITS_WAY = timedelta(days=29), timedelta(minutes=5)
PAGE = 100


def fill() -> dict[str, int]:
    """Read the list on from where it was left, page by page; gives how much was read, and how many gaps that filled."""
    cursor, _ = ProviderCursor.objects.get_or_create(provider=provider().name, name=NAME)
    now = clock.now()
    since = now - LISTED_FOR
    # An event that the list holds no longer is no place to begin at.
    after = cursor.position if cursor.ended_at and cursor.ended_at > since else ""
    cursor.began_at, cursor.read_count, cursor.found_count = now, 0, 0
    for page in _pages(takewhile(lambda event: event.occurred_at < now - ON_ITS_WAY, _listed(since, after))):
        _take_in(cursor, page)
    cursor.ended_at = now
    cursor.save()
    if cursor.found_count:
        logger.warning("%s events of the provider had never arrived.", cursor.found_count)
        nudges.nudge()
    return {"read": cursor.read_count, "gaps": cursor.found_count}


def _listed(since: datetime, after: str) -> Iterator[VerifiedEvent]:
    return provider().events_since(since, after=after)


def _pages(events: Iterator[VerifiedEvent]) -> Iterator[Sequence[VerifiedEvent]]:
    while page := list(islice(events, PAGE)):
        yield page


@transaction.atomic
def _take_in(cursor: ProviderCursor, page: Sequence[VerifiedEvent]) -> None:
    """A page and how far it leads, together: whoever goes on after a crash skips nothing."""
    news = [event for event in page if event_kinds.route_of(event.kind).is_acted_upon]
    cursor.found_count += sum(inbox.store(event, source=ProviderEvent.Source.LISTED) for event in news)
    cursor.read_count += len(page)
    cursor.position = page[-1].id
    cursor.save()
