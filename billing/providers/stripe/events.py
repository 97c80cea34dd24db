"""Stripe's own list of events: what a webhook would have told, for what never arrived."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import stripe

from billing.providers.facts import VerifiedEvent
from billing.providers.stripe.client import calling
from billing.providers.stripe.normalize import plain
from billing.providers.stripe.plain_api import PAGE
from billing.providers.stripe.signatures import event_of

if TYPE_CHECKING:
    from stripe.params import EventListParams


def since(client: stripe.StripeClient, moment: datetime, *, after: str) -> Iterator[VerifiedEvent]:
    """Oldest first, page by page; each page is asked for when the one before it has been worked off."""
    cursor = after or _before(client, moment)
    if not cursor:
        yield from _whole(client, moment)
        return
    while page := _page(client, {"ending_before": cursor, "limit": PAGE}):
        cursor = page[-1].id
        yield from page


def _page(client: stripe.StripeClient, params: "EventListParams") -> list[VerifiedEvent]:
    with calling():
        return [event_of(plain(event)) for event in reversed(client.v1.events.list(params).data)]


def _before(client: stripe.StripeClient, moment: datetime) -> str:
    """The last event before a moment: the place from which the list is read onwards."""
    found = _page(client, {"created": {"lt": int(moment.timestamp())}, "limit": 1})
    return found[0].id if found else ""


def _whole(client: stripe.StripeClient, moment: datetime) -> Iterator[VerifiedEvent]:
    """Nothing is kept from before the moment: the list is read from its end, and told from its beginning."""
    newest_first: list[VerifiedEvent] = []
    while page := _page(client, _older(newest_first, moment)):
        newest_first += reversed(page)
    yield from reversed(newest_first)


def _older(found: list[VerifiedEvent], moment: datetime) -> "EventListParams":
    params: EventListParams = {"created": {"gte": int(moment.timestamp())}, "limit": PAGE}
    return {**params, "starting_after": found[-1].id} if found else params
