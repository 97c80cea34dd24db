"""Signed webhooks: owed in the business transaction, delivered at least once, in the manner of Standard Webhooks."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.db import transaction

from platform_core import clock, http, leases, nudges, scoping, signing, watchdog
from platform_core.errors import Conflict, UpstreamError
from platform_core.models import WebhookDelivery, WebhookEndpoint
from platform_core.services import audit

# The wait before each try, the first included.
DELAYS = (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
MAX_WAIT_SECONDS = 86400
DELIVER_SECONDS = 60
GONE = 410


@dataclass(frozen=True)
class Answer:
    """What came of a try: a status, or the reason why there is none."""

    status: int | None
    error: str = ""
    retry_after: str = ""

    @property
    def is_delivered(self) -> bool:
        """Only 2xx counts; a redirect is a failure."""
        return self.status in range(200, 300)


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
def redeliver(delivery: WebhookDelivery, *, by: audit.Person) -> WebhookDelivery:
    """Owe an event that was delivered or given up once more, from the first try."""
    delivery = WebhookDelivery.objects.select_for_update().select_related("endpoint").get(pk=delivery.pk)
    if delivery.status == WebhookDelivery.Status.PENDING:
        raise Conflict("It is being delivered already.")
    if not delivery.endpoint.is_active:
        raise Conflict("Its endpoint is disabled.")
    delivery.status, delivery.attempt = WebhookDelivery.Status.PENDING, 0
    delivery.run_after, delivery.error = clock.now(), ""
    delivery.save(update_fields=["status", "attempt", "run_after", "error"])
    audit.record("webhook_delivery.redeliver", delivery, by=by)
    nudges.nudge()
    return delivery


def deliver_one(worker: str) -> bool:
    """Try the delivery whose turn it is; False when there is none."""
    delivery = leases.claim(WebhookDelivery, worker=worker)
    if delivery is None:
        return False
    with scoping.system():
        if delivery.endpoint.is_active:
            with watchdog.keep(delivery, timeout=DELIVER_SECONDS):
                body = body_of(delivery.payload)
                answer = post(delivery.endpoint, str(delivery.pk), delivery.event, body, delivery.path)
        else:
            answer = Answer(None, "The endpoint is disabled.")
        _settle(delivery, answer)
    return True


def body_of(payload: Mapping[str, Any]) -> bytes:
    """JSON as it is signed and sent."""
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()


def post(
    endpoint: WebhookEndpoint, message_id: str, event: str, body: bytes, path: str = "", authorization: str = ""
) -> Answer:
    """One signed message to one endpoint, and what came of it."""
    headers = signing.headers(endpoint.secrets.split(), message_id, event, body, clock.wall())
    headers["Content-Type"] = "application/json"
    if authorization:
        headers["Authorization"] = authorization
    host = urlsplit(endpoint.url).hostname or ""
    url = endpoint.url.rstrip("/") + path if path else endpoint.url
    try:
        with http.client(allow=[host] if endpoint.enrolled else []) as client:
            response = client.post(url, content=body, headers=headers)
    except (UpstreamError, httpx.InvalidURL) as error:
        return Answer(None, str(error))
    return Answer(response.status_code, "", response.headers.get("Retry-After", ""))


def _settle(delivery: WebhookDelivery, answer: Answer) -> None:
    if answer.is_delivered:
        changes = {"status": WebhookDelivery.Status.DELIVERED, "delivered_at": clock.now(), "error": ""}
        leases.settle(delivery, response_status=answer.status, **changes)
        return
    reason = (answer.error or f"HTTP {answer.status}")[:500]
    with transaction.atomic():
        changes = {"error": reason, "response_status": answer.status, **_what_now(delivery, answer)}
        if leases.settle(delivery, **changes) and answer.status == GONE:
            _disable(delivery.endpoint)


def _what_now(delivery: WebhookDelivery, answer: Answer) -> dict[str, Any]:
    over = delivery.attempt >= len(DELAYS) or answer.status == GONE or not delivery.endpoint.is_active
    if over:
        return {"status": WebhookDelivery.Status.FAILED}
    wait = DELAYS[delivery.attempt] * random.uniform(0.9, 1.1)  # noqa: S311
    asked = asked_to_wait(answer.retry_after, clock.wall())
    return {"run_after": clock.now() + timedelta(seconds=max(wait, min(asked, MAX_WAIT_SECONDS)))}


def asked_to_wait(header: str, at: datetime) -> float:
    """The seconds that a Retry-After header asks for, as a number or as a date."""
    if header.strip().isdigit():
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return 0.0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - at).total_seconds())


def _disable(endpoint: WebhookEndpoint) -> None:
    """The receiver says that it is gone: nothing more is sent there."""
    endpoint.is_active = False
    endpoint.save(update_fields=["is_active"])
    audit.record("webhook_endpoint.disable", endpoint, by=None, changes={"response_status": GONE})
