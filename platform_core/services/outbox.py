"""Signed webhooks: owed in the business transaction, delivered at least once, in the manner of Standard Webhooks.

What keeps a delivery from being tried (a pause, an earlier event of an endpoint that wants them in order) is decided
and undone while the endpoint's row is held, so that none is left waiting for an end that has been.
"""

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction

from platform_core import clock, leases, nudges, scoping, watchdog
from platform_core.errors import Conflict
from platform_core.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from platform_core.services import audit
from platform_core.services.webhook_posting import BUSY, GONE, Answer, asked_to_wait, body_of, post

# The wait before each try, the first included.
DELAYS = (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
MAX_WAIT_SECONDS = 86400
DELIVER_SECONDS = 60
# A receiver that has too much to do is left alone for so long, doubled each time it says so again.
THROTTLE_SECONDS = 30
LONGEST_THROTTLE_SECONDS = 3600
GIVEN_UP = "An event could not be delivered. What follows it waits."
Status = WebhookDelivery.Status


def queue(
    endpoint: WebhookEndpoint, event: str, payload: Mapping[str, Any], *, key: str, path: str = ""
) -> WebhookDelivery:
    """Owe an endpoint one event; the same key owes it once. `path` goes below the endpoint's own address."""
    delivery, _ = WebhookDelivery.objects.get_or_create(
        idempotency_key=key,
        defaults={"endpoint": endpoint, "event": event, "payload": dict(payload), "path": path},
    )
    nudges.nudge()
    return delivery


@transaction.atomic
def redeliver(delivery: WebhookDelivery, *, by: audit.Person | None, actor: Any = None) -> WebhookDelivery:
    """Owe an event that was delivered or given up once more, from the first try."""
    held = WebhookDelivery.objects.select_for_update(of=("self",)).select_related("endpoint", "message")
    delivery = held.get(pk=delivery.pk)
    if delivery.status in WebhookDelivery.WAITING:
        raise Conflict("It is being delivered already.")
    if not delivery.endpoint.is_active:
        raise Conflict("Its endpoint is disabled.")
    for name, value in anew().items():
        setattr(delivery, name, value)
    delivery.save(update_fields=list(anew()))
    audit.record("webhook_delivery.redeliver", delivery, by=by, actor=actor)
    nudges.nudge()
    return delivery


def anew() -> dict[str, Any]:
    """What a delivery is like before its first try."""
    return {"status": Status.PENDING, "attempt": 0, "run_after": clock.now(), "error": ""}


def deliver_one(worker: str) -> bool:
    """Try the delivery whose turn it is; False when there is none."""
    delivery = leases.claim(WebhookDelivery, worker=worker)
    if delivery is None:
        return False
    with scoping.system():
        endpoint = delivery.endpoint
        if not endpoint.is_active:
            _settle(delivery, Answer(None, "The endpoint is disabled."))
        elif not _must_wait(delivery):
            with watchdog.keep(delivery, timeout=DELIVER_SECONDS):
                answer = post(endpoint, delivery.webhook_id, delivery.event, body_of(delivery.body), delivery.path)
            _settle(delivery, answer)
    return True


def _must_wait(delivery: WebhookDelivery) -> bool:
    """Put back what may not be tried now; that is not a try."""
    endpoint = delivery.endpoint
    if endpoint.paused_at is None and not endpoint.in_order and not endpoint.is_throttled:
        return False
    with transaction.atomic():
        endpoint = delivery.endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
        before = endpoint.deliveries.waiting().filter(pk__lt=delivery.pk)
        if endpoint.paused_at is not None or (endpoint.in_order and before.exists()):
            leases.settle(delivery, status=Status.HELD, attempt=delivery.attempt - 1)
        elif endpoint.is_throttled:
            leases.settle(delivery, run_after=endpoint.throttled_until, attempt=delivery.attempt - 1)
        else:
            return False
    return True


def _settle(delivery: WebhookDelivery, answer: Answer) -> None:
    """Write what came of a try, and whatever follows from it for the endpoint, unless somebody else tries by now."""
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=delivery.endpoint_id)
        result = {"error": answer.reason, "response_status": answer.status, **_what_now(delivery, endpoint, answer)}
        if not leases.settle(delivery, **result):
            return
        _log(delivery, answer)
        if answer.status == GONE:
            disable(endpoint, "Its receiver answered that it is gone (410).", by=None)
            return
        _ease(endpoint, answer)
        if endpoint.in_order and delivery.status != Status.PENDING:
            _go_on(endpoint, delivery)


def _what_now(delivery: WebhookDelivery, endpoint: WebhookEndpoint, answer: Answer) -> dict[str, Any]:
    if answer.is_delivered:
        return {"status": Status.DELIVERED, "delivered_at": clock.now()}
    if delivery.attempt >= len(DELAYS) or answer.status == GONE or not endpoint.is_active:
        return {"status": Status.FAILED}
    wait = DELAYS[delivery.attempt] * random.uniform(0.9, 1.1)  # noqa: S311
    asked = asked_to_wait(answer.retry_after, clock.wall())
    return {"run_after": clock.now() + timedelta(seconds=max(wait, min(asked, MAX_WAIT_SECONDS)))}


def _log(delivery: WebhookDelivery, answer: Answer) -> None:
    """Of a try that was made."""
    if answer.url:
        WebhookAttempt.objects.create(
            delivery=delivery,
            url=answer.url,
            request_headers=dict(answer.sent),
            response_status=answer.status,
            response_headers=dict(answer.headers),
            response_body=answer.body,
            error=answer.error[:500],
            duration_ms=answer.duration_ms,
        )


def _ease(endpoint: WebhookEndpoint, answer: Answer) -> None:
    """Leave a receiver alone that has too much to do, ever longer; one that takes an event again gets all."""
    if answer.status in BUSY:
        doubled = THROTTLE_SECONDS * 2 ** min(endpoint.throttle_count, 10)
        asked = min(asked_to_wait(answer.retry_after, clock.wall()), MAX_WAIT_SECONDS)
        wait = max(min(doubled, LONGEST_THROTTLE_SECONDS), asked)
        endpoint.throttled_until = clock.now() + timedelta(seconds=wait)
        endpoint.throttle_count = min(endpoint.throttle_count + 1, 100)
    elif answer.is_delivered and endpoint.throttle_count:
        endpoint.throttled_until, endpoint.throttle_count = None, 0
    else:
        return
    endpoint.save(update_fields=["throttled_until", "throttle_count"])


def _go_on(endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> None:
    """The next in order; but what was given up is not passed over: then somebody must look."""
    if delivery.status == Status.FAILED and endpoint.is_active:
        endpoint.paused_at, endpoint.trouble = clock.now(), GIVEN_UP
        endpoint.save(update_fields=["paused_at", "trouble"])
        audit.record("webhook_endpoint.pause", endpoint, by=None, changes={"trouble": GIVEN_UP})
        return
    release(endpoint)


def release(endpoint: WebhookEndpoint) -> None:
    """Let go what was held: all of it, or the first where they go in order. Within a transaction that holds the row."""
    with scoping.system():
        held = endpoint.deliveries.held()
        if endpoint.in_order:
            held = held.filter(pk__in=list(held.order_by("pk").values_list("pk", flat=True)[:1]))
        released = held.update(status=Status.PENDING, run_after=clock.now())
    if released:
        nudges.nudge()


def disable(endpoint: WebhookEndpoint, trouble: str, *, by: audit.Person | None) -> None:
    """Send nothing there any more; what was owed is given up. Within a transaction that holds the row."""
    endpoint.is_active, endpoint.paused_at, endpoint.trouble = False, None, trouble
    endpoint.save(update_fields=["is_active", "paused_at", "trouble"])
    with scoping.system():
        endpoint.deliveries.held().update(status=Status.FAILED, error="The endpoint is disabled.")
    audit.record("webhook_endpoint.disable", endpoint, by=by, changes={"trouble": trouble})
