"""Idempotency keys: the same key acts once, and its answer is given again.

A key is reserved in a transaction of its own before the request acts; the answer is kept in the transaction in which
it acts. So a second request meets either nothing, a request still running (409), or the answer.
"""

import hashlib
import json
from datetime import timedelta

from django.db import transaction

from billing.providers.sandbox.errors import KeyInUse, KeyMisused
from billing.providers.sandbox.models import IdempotencyKey
from billing.providers.sandbox.router import ALIAS
from billing.providers.sandbox.shapes import Json
from platform_core import clock

# Stripe forgets a key after a day. A reservation whose process died lapses sooner.
KEPT = timedelta(hours=24)
RUNNING = timedelta(seconds=30)


def fingerprint(method: str, path: str, params: Json) -> str:
    """What makes two requests the same request."""
    return hashlib.sha256(json.dumps([method, path, params], sort_keys=True).encode()).hexdigest()


@transaction.atomic(using=ALIAS, durable=True)
def reserve(key: str, print_: str, request_id: str) -> IdempotencyKey:
    """Take the key for this request, or give the row of the request that had it before."""
    now = clock.wall()
    IdempotencyKey.objects.filter(key=key, created_at__lt=now - KEPT).delete()
    row, is_new = IdempotencyKey.objects.select_for_update().get_or_create(
        key=key,
        defaults={"fingerprint": print_, "request_id": request_id, "locked_until": now + RUNNING, "created_at": now},
    )
    if row.fingerprint != print_:
        raise KeyMisused(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request."
        )
    if is_new or row.status is not None:
        return row
    if row.locked_until > now:
        raise KeyInUse(
            f"There is currently another in-progress request using this Idempotent Key: {key}. Please try again later.",
            code="idempotency_key_in_use",
        )
    row.request_id, row.locked_until = request_id, now + RUNNING
    row.save(update_fields=["request_id", "locked_until"])
    return row


def keep(key: str, status: int, body: Json) -> None:
    """Keep the answer: call in the transaction that acts."""
    IdempotencyKey.objects.filter(key=key).update(status=status, body=body)


def release(key: str) -> None:
    """The request was refused before it acted: its key is free again."""
    IdempotencyKey.objects.filter(key=key, status=None).delete()
