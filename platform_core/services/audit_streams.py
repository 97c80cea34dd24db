"""Sending an organization's sealed events to an address of theirs, as they come.

A stream is its own outbox: the events are rows already, so what is owed is what lies behind the cursor. It moves when
the receiver has answered 2xx. A batch that was sent twice has the same id, and every event has its own.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from platform_core import clock, leases, nudges, scoping, signing, watchdog
from platform_core.errors import Conflict, NotFound
from platform_core.models import AuditChain, AuditEvent, AuditStream, WebhookEndpoint, new_id
from platform_core.services import audit, audit_documents, audit_sealing, outbox, webhook_endpoints, webhook_posting

OWNER = "platform_core.auditstream"
MOST = 5
BATCH = 100
# A stream that nobody woke looks for itself.
IDLE = timedelta(minutes=1)
Status = AuditStream.Status


def own(organization_id: UUID, stream_id: UUID) -> AuditStream:
    """One of the organization's; another's does not exist."""
    ours = AuditStream.objects.filter(organization_id=organization_id).select_related("endpoint")
    found = ours.filter(pk=stream_id).first()
    if found is None:
        raise NotFound("There is no such stream.")
    return found


@transaction.atomic
def add(organization_id: UUID, given: Mapping[str, Any], *, by: audit.Person) -> tuple[AuditStream, str]:
    """A stream from now on, or from the first event that is kept; and the secret that signs it, shown this once."""
    webhook_endpoints.check_address(given["url"])
    # The chain's row is what those who add at once wait for each other at.
    chain = AuditChain.objects.select_for_update().get(pk=audit_sealing.chain_of(organization_id).pk)
    if AuditStream.objects.filter(organization_id=organization_id).count() >= MOST:
        raise Conflict(f"An organization has at most {MOST} streams.")
    secret, pk = signing.new_secret(), new_id()
    endpoint = WebhookEndpoint.objects.create(
        organization_id=organization_id, owner_type=OWNER, owner_id=pk, url=given["url"], secrets=secret
    )
    stream = AuditStream.objects.create(
        pk=pk,
        organization_id=organization_id,
        endpoint=endpoint,
        authorization=given.get("authorization", ""),
        cursor_sequence=chain.floor_sequence if given.get("from_beginning") else chain.sequence,
        test_requested_at=clock.now(),
    )
    audit.record("audit_stream.create", stream, by=by, changes={"url": given["url"]})
    nudges.nudge()
    return stream, secret


@transaction.atomic
def change(stream: AuditStream, given: Mapping[str, Any], *, by: audit.Person) -> AuditStream:
    """Another address or authorization, a pause, or on again: then it goes on behind the last event that arrived."""
    stream = AuditStream.objects.select_for_update().select_related("endpoint").get(pk=stream.pk)
    changes: dict[str, Any] = {}
    if "url" in given and given["url"] != stream.endpoint.url:
        webhook_endpoints.check_address(given["url"])
        changes["url"] = [stream.endpoint.url, given["url"]]
        stream.endpoint.url = given["url"]
        stream.endpoint.save(update_fields=["url"])
    if "authorization" in given:
        changes["authorization"] = audit.CHANGED
        stream.authorization = given["authorization"]
    if "status" in given and given["status"] != stream.status:
        changes["status"] = [stream.status, given["status"]]
        stream.status = given["status"]
    if changes:
        stream.failure_count, stream.error, stream.run_after = 0, "", clock.now()
        stream.save(update_fields=["authorization", "status", "failure_count", "error", "run_after"])
        audit.record("audit_stream.update", stream, by=by, changes=changes)
        nudges.nudge()
    return stream


@transaction.atomic
def remove(stream: AuditStream, *, by: audit.Person) -> None:
    """Send nothing there any more, and forget the secrets."""
    audit.record("audit_stream.delete", stream, by=by, changes={"url": stream.endpoint.url})
    stream.endpoint.delete()


@transaction.atomic
def renew_secret(stream: AuditStream, *, by: audit.Person) -> str:
    """A new secret, shown this once. The one before signs along until the next renewal."""
    endpoint = WebhookEndpoint.objects.select_for_update().get(pk=stream.endpoint_id)
    secret = signing.new_secret()
    endpoint.secrets = f"{secret}\n{endpoint.secrets.split()[0]}"
    endpoint.save(update_fields=["secrets"])
    audit.record("audit_stream.update", stream, by=by, changes={"secret": audit.CHANGED})
    return secret


@transaction.atomic
def request_test(stream: AuditStream, *, by: audit.Person) -> AuditStream:
    """Have a test event sent; what came of it stands in the stream a moment later."""
    if stream.status != Status.ACTIVE:
        raise Conflict("The stream is not active.")
    AuditStream.objects.filter(pk=stream.pk).update(test_requested_at=clock.now(), run_after=clock.now())
    audit.record("audit_stream.test", stream, by=by)
    nudges.nudge()
    stream.refresh_from_db()
    return stream


# --- sending ---
def stream_one(worker: str) -> bool:
    """Send what the stream whose turn it is owes next; False when no stream's turn it is."""
    stream = leases.claim(AuditStream, worker=worker)
    if stream is None:
        return False
    with scoping.system():
        with watchdog.keep(stream, timeout=outbox.DELIVER_SECONDS):
            changes = _tested(stream) if stream.test_requested_at else _sent(stream)
        with transaction.atomic():
            if leases.settle(stream, **changes) and changes.get("status") == Status.FAILED:
                audit.record("audit_stream.fail", stream, by=None, changes={"error": stream.error})
        _look_again(stream)
    return True


def _look_again(stream: AuditStream) -> None:
    """What was sealed while the stream found nothing must not wait for the next look."""
    waits = AuditChain.objects.filter(pk=stream.organization_id, sequence__gt=stream.cursor_sequence).exists()
    if waits and not stream.failure_count:
        AuditStream.objects.filter(pk=stream.pk).update(run_after=clock.now())


def _message(stream: AuditStream, kind: str, events: list[dict[str, Any]]) -> bytes:
    return webhook_posting.body_of({"type": kind, "organizationId": str(stream.organization_id), "events": events})


def _tested(stream: AuditStream) -> dict[str, Any]:
    asked: datetime | None = stream.test_requested_at
    message_id = f"{stream.pk}.test-{asked:%Y%m%d%H%M%S%f}"
    body = _message(stream, "audit.test", [])
    answer = webhook_posting.post(stream.endpoint, message_id, "audit.test", body, authorization=stream.authorization)
    error = answer.reason
    return {"test_requested_at": None, "tested_at": clock.now(), "test_error": error, "run_after": clock.now()}


def _sent(stream: AuditStream) -> dict[str, Any]:
    owed = AuditEvent.objects.filter(chain=stream.organization_id, sequence__gt=stream.cursor_sequence)
    batch = list(owed.order_by("sequence")[:BATCH])
    if not batch:
        return {"run_after": clock.now() + IDLE, "attempt": 0}
    last = batch[-1].sequence
    body = _message(stream, "audit.events", [audit_documents.as_json(event) for event in batch])
    message_id = f"{stream.pk}.{batch[0].sequence}-{last}"
    answer = webhook_posting.post(stream.endpoint, message_id, "audit.events", body, authorization=stream.authorization)
    if not answer.is_delivered:
        return _refused(stream, answer)
    arrived = {"cursor_sequence": last, "failure_count": 0, "error": "", "attempt": 0}
    return {**arrived, "delivered_at": clock.now(), "run_after": clock.now()}


def _refused(stream: AuditStream, answer: webhook_posting.Answer) -> dict[str, Any]:
    """Try again, ever later; after the last try, or where nobody will ever be, somebody must look after it."""
    failures = stream.failure_count + 1
    changes: dict[str, Any] = {"failure_count": failures, "error": answer.reason}
    if answer.status == webhook_posting.GONE or failures >= len(outbox.DELAYS):
        return {**changes, "status": Status.FAILED}
    asked = min(webhook_posting.asked_to_wait(answer.retry_after, clock.wall()), outbox.MAX_WAIT_SECONDS)
    wait = max(outbox.DELAYS[failures], asked)
    return {**changes, "run_after": clock.now() + timedelta(seconds=wait)}
