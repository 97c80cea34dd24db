"""Events on their way to their endpoints: signed, over HTTP, again and again until a 2xx.

An attempt's back-off is written before the attempt is made, so a crash needs no handler: the delivery comes back by
itself. Times here are the machine's, so that advancing business time neither hurries a delivery nor makes it stale.
"""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import httpx
import msgspec
import stripe
from django.conf import settings

from billing.providers.sandbox.models import Delivery, Record
from billing.providers.sandbox.shapes import Json
from platform_core import clock

RECEIVER = "/api/v1/webhooks/stripe"
BATCH = 50
LONGEST_WAIT = 300
GIVEN_UP_AFTER = timedelta(days=3)
TIMEOUT_SECONDS = 10.0
OK = range(200, 300)

# Sends a body to an address and gives the status; the default is a real HTTP request.
Post = Callable[[str, bytes, Mapping[str, str]], int]
# Puts a batch in the order in which it is sent. Stripe promises neither order nor uniqueness.
Arrange = Callable[[list[Delivery]], Sequence[Delivery]]


def enqueue(events: Sequence[Json]) -> None:
    """Put events on their way to this platform and to every endpoint that asked for their kind."""
    endpoints = list(Record.objects.filter(kind="webhook_endpoint", status="enabled")) if events else []
    now = clock.wall()
    Delivery.objects.bulk_create(
        Delivery(event_id=event["id"], endpoint=endpoint, created_at=now, next_attempt_at=now)
        for event in events
        for endpoint in ("", *(each.object_id for each in endpoints if _wants(each.data, event["type"])))
    )


def _wants(endpoint: Json, event_type: str) -> bool:
    return not {"*", event_type}.isdisjoint(endpoint["enabled_events"])


def deliver_pending(post: Post | None = None, *, arrange: Arrange = list) -> int:
    """Try everything that waits and is due; gives how many arrived."""
    due = Delivery.objects.filter(next_attempt_at__lte=clock.wall()).order_by("id")[:BATCH]
    claimed = [delivery for delivery in due if _claim(delivery)]
    return sum(_attempt(delivery, post or send) for delivery in arrange(claimed))


def disorderly(seed: int) -> Arrange:
    """An order for tests and for the curious: shuffled, and some sent twice."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets

    def arrange(batch: list[Delivery]) -> list[Delivery]:
        mixed = [*batch, *(delivery for delivery in batch if chance.random() < 1 / 3)]
        chance.shuffle(mixed)
        return mixed

    return arrange


def send(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """One real HTTP request."""
    return httpx.post(url, content=body, headers=dict(headers), timeout=TIMEOUT_SECONDS).status_code


def _claim(delivery: Delivery) -> bool:
    """Take one attempt; of two pumps exactly one gets it."""
    tried = delivery.attempt_count
    delivery.attempt_count += 1
    delivery.next_attempt_at = clock.wall() + timedelta(seconds=min(2**tried, LONGEST_WAIT))
    rows = Delivery.objects.filter(pk=delivery.pk, attempt_count=tried, delivered_at=None)
    return rows.update(attempt_count=delivery.attempt_count, next_attempt_at=delivery.next_attempt_at) == 1


def _attempt(delivery: Delivery, post: Post) -> bool:
    target = _target(delivery.endpoint)
    if target is None:
        return _settled(delivery, "The endpoint is gone.", arrived=False, final=True)
    url, secret = target
    body = _body(delivery.event_id)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": stripe.WebhookSignature.generate_signature_header(body, secret),
        "User-Agent": "Mainstay-Sandbox/1.0",
    }
    try:
        status = post(url, body.encode(), headers)
    except httpx.HTTPError as error:
        return _settled(delivery, f"{type(error).__name__}: {error}", arrived=False)
    return _settled(delivery, str(status), arrived=status in OK)


def _settled(delivery: Delivery, answer: str, *, arrived: bool, final: bool = False) -> bool:
    """Note what came of an attempt."""
    now = clock.wall()
    if arrived:
        delivery.delivered_at = now
    if arrived or final or now - delivery.created_at > GIVEN_UP_AFTER:
        delivery.next_attempt_at = None
    delivery.last_answer = answer[:200]
    delivery.save(update_fields=["delivered_at", "next_attempt_at", "last_answer"])
    return arrived


def _target(endpoint: str) -> tuple[str, str] | None:
    if not endpoint:
        return settings.BASE_URL + RECEIVER, settings.STRIPE_WEBHOOK_SECRETS[0]
    record = Record.objects.filter(object_id=endpoint, status="enabled").first()
    return (record.data["url"], record.data["_secret"]) if record else None


def _body(event_id: str) -> str:
    event = Record.objects.get(object_id=event_id).data
    pending = Delivery.objects.filter(event_id=event_id, delivered_at=None).count()
    # Indented as Stripe's are. Python's own indenting is not done in C: four times as slow.
    return msgspec.json.format(json.dumps({**event, "pending_webhooks": pending}), indent=2)
