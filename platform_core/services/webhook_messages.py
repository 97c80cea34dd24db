"""Events told to audiences: written in the transaction of what they tell of, to each endpoint that wants them, once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from platform_core import clock, nudges, scoping
from platform_core.errors import Conflict, InvalidInput
from platform_core.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookMessage, new_id
from platform_core.models.outbox import matches
from platform_core.services import audit, outbox

TEST = "webhook.test"
# A replay is one transaction.
MOST_REPLAYED = 10_000
# How long events, deliveries and tries are kept once nothing of them is owed.
KEPT = timedelta(days=30)
BATCH = 500


@dataclass(frozen=True)
class Audience:
    """Whom an event is told to, and what is said to them beside it."""

    id: UUID
    organization_id: UUID | None
    beside: Mapping[str, Any] = field(default_factory=dict)


def announce(audiences: Sequence[Audience], event: str, data: Mapping[str, Any], *, key: str, version: int = 1) -> int:
    """Owe an event to every endpoint of these audiences that wants it; gives how many. The same key owes it once.

    Where nobody listens nothing is written. In the transaction of what it tells of: there is no event without it, and
    none is lost when a process dies.
    """
    if not connection.in_atomic_block:
        raise audit.OutsideTransaction(event)
    known = {audience.id: audience for audience in audiences}
    with scoping.system():
        found = WebhookEndpoint.objects.filter(audience_id__in=known).order_by("audience_id", "pk")
        listening = groupby(found, key=lambda endpoint: endpoint.audience_id)
        owed = sum(
            _tell(known[audience_id], list(endpoints), event, data, key=key, version=version)
            for audience_id, endpoints in listening
            if audience_id is not None
        )
    if owed:
        nudges.nudge()
    return owed


def _tell(
    audience: Audience,
    endpoints: Sequence[WebhookEndpoint],
    event: str,
    data: Mapping[str, Any],
    *,
    key: str,
    version: int,
) -> int:
    message = _message(audience, event, data, key=f"{audience.id}:{key}", version=version)
    WebhookMessage.objects.bulk_create([message], ignore_conflicts=True)
    if not WebhookMessage.objects.filter(pk=message.pk).exists():
        return 0
    wanting = [endpoint for endpoint in endpoints if endpoint.is_active and endpoint.wants(event)]
    return len(WebhookDelivery.objects.bulk_create(_deliveries(endpoint, [message])[0] for endpoint in wanting))


def _message(audience: Audience, event: str, data: Mapping[str, Any], *, key: str, version: int) -> WebhookMessage:
    pk, at = new_id(), clock.now()
    payload = {
        "id": str(pk),
        "type": event,
        "version": version,
        "timestamp": f"{at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "organizationId": str(audience.organization_id) if audience.organization_id else None,
        **audience.beside,
        "data": dict(data),
    }
    return WebhookMessage(
        pk=pk,
        created_at=at,
        organization_id=audience.organization_id,
        audience_id=audience.id,
        event=event,
        version=version,
        payload=payload,
        idempotency_key=key[:200],
    )


def _deliveries(endpoint: WebhookEndpoint, messages: Sequence[WebhookMessage]) -> list[WebhookDelivery]:
    return [
        WebhookDelivery(
            endpoint=endpoint,
            message=message,
            event=message.event,
            idempotency_key=f"{message.pk}:{endpoint.pk}",
            run_after=clock.now(),
        )
        for message in messages
    ]


@transaction.atomic
def send_test(endpoint: WebhookEndpoint, *, by: audit.Person) -> WebhookDelivery:
    """A test event for this endpoint alone, whatever events it asked for."""
    if endpoint.state in ("disabled", "paused"):
        raise Conflict(f"The endpoint is {endpoint.state}.")
    of = endpoint.audience_id or endpoint.pk
    audience = Audience(of, endpoint.organization_id)
    data = {"message": "This is a test. It says nothing of any organization."}
    message = _message(audience, TEST, data, key=f"{of}:test:{new_id()}", version=1)
    message.save(force_insert=True)
    delivery = _deliveries(endpoint, [message])[0]
    delivery.save(force_insert=True)
    audit.record("webhook_endpoint.test", endpoint, by=by)
    nudges.nudge()
    return delivery


@transaction.atomic
def replay(
    endpoint: WebhookEndpoint,
    *,
    since: datetime,
    until: datetime | None = None,
    event_types: Sequence[str] = (),
    by: audit.Person,
) -> int:
    """Owe once more what was told between two moments, and what the endpoint did not ask for then; gives how many."""
    held = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    if not held.is_active:
        raise Conflict("The endpoint is disabled.")
    messages = _told(held, since, until or clock.now(), event_types)
    if len(messages) > MOST_REPLAYED:
        raise Conflict(f"That is more than {MOST_REPLAYED} events. Choose a shorter time.")
    count = _owe_again(held, messages)
    changes = {"since": since, "until": until, "event_types": list(event_types), "count": count}
    audit.record("webhook_endpoint.replay", held, by=by, changes=changes)
    nudges.nudge()
    return count


def _owe_again(endpoint: WebhookEndpoint, messages: Sequence[WebhookMessage]) -> int:
    with scoping.system():
        keys = [message.pk for message in messages]
        sent = endpoint.deliveries.filter(message__in=keys)
        known = set(sent.values_list("message_id", flat=True))
        count = sent.exclude(status__in=WebhookDelivery.WAITING).update(**outbox.anew())
        missing = _deliveries(endpoint, [message for message in messages if message.pk not in known])
        return count + len(WebhookDelivery.objects.bulk_create(missing, batch_size=BATCH))


def _told(
    endpoint: WebhookEndpoint, since: datetime, until: datetime, event_types: Sequence[str]
) -> list[WebhookMessage]:
    """Tests are not replayed; without types named, the endpoint's own choice holds."""
    if since >= until:
        message = "The end must be after the beginning."
        raise InvalidInput(message, details={"until": [message]})
    of = endpoint.audience_id or endpoint.pk
    with scoping.system():
        told = WebhookMessage.objects.filter(audience_id=of, created_at__gte=since, created_at__lt=until)
        found = list(told.exclude(event=TEST).defer("payload").order_by("pk")[: MOST_REPLAYED + 1])
    if event_types:
        return [each for each in found if any(matches(each.event, pattern) for pattern in event_types)]
    return [each for each in found if endpoint.wants(each.event)]


def forget_old() -> dict[str, int]:
    """Remove what is too old to be looked at, and owed to nobody. Runs by the clock."""
    before = clock.now() - KEPT
    with scoping.system():
        attempts = _remove_all(WebhookAttempt.objects.filter(created_at__lt=before))
        owed = WebhookDelivery.objects.waiting().filter(message__isnull=False).values("message")
        messages = _remove_all(WebhookMessage.objects.filter(created_at__lt=before).exclude(pk__in=owed))
    return {"attempts": attempts, "events": messages}


def _remove_all(rows: Any) -> int:
    """Batch by batch, each in a transaction of its own."""
    removed = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        rows.model.objects.filter(pk__in=keys).delete()
        removed += len(keys)
    return removed
