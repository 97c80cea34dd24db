"""One act for each Idempotency-Key: whoever asks again is given the answer of the first time.

A request is taken in hand by a row of its own, which commits before anything else does; the answer is written into it
afterwards. A process that dies in between leaves the row in hand until its lease runs out; then a repeat runs the
request again, under the same key, which services hand on to providers.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, models, transaction
from django.db.models import F

from platform_core import clock, leases, tokens
from platform_core.errors import IdempotencyConflict, InHand
from platform_core.models import IdempotentRequest
from platform_core.models.leases import LONG_AGO

RETENTION = timedelta(hours=24)


@dataclass(frozen=True)
class Asked:
    """A request under a key, and whose."""

    caller: str
    request: str
    key: str
    # The body and the query, in one text whatever their order was.
    content: str

    @property
    def digest(self) -> str:
        """The same for the same caller, verb, path and key; services hand it on as their own key."""
        return hashlib.sha256(f"{self.caller}\0{self.request}\0{self.key}".encode()).hexdigest()


def take(asked: Asked) -> IdempotentRequest:
    """The row of a request: in this caller's hands now, or answered before. 409 in other hands, 422 other content."""
    row = _begun(asked)
    if row is not None:
        return row
    row = IdempotentRequest.objects.filter(digest=asked.digest).first()
    if row is None:
        # Somebody gave it up since.
        raise InHand
    is_over = row.expires_at <= clock.wall()
    if not is_over and row.fingerprint not in tokens.digests(asked.content):
        raise IdempotencyConflict("This Idempotency-Key came before, with another body or query. Use a new one.")
    if not is_over and row.status_code is not None:
        return row
    return _taken_over(row, asked)


def _begun(asked: Asked) -> IdempotentRequest | None:
    """A new row; None where there is one. Of several who ask at once, one gets it."""
    values = {"caller": asked.caller[:120], "request": asked.request[:200], **_in_hand(asked)}
    try:
        with transaction.atomic():
            return IdempotentRequest.objects.create(digest=asked.digest, **values)
    except IntegrityError:
        return None


def _in_hand(asked: Asked) -> dict[str, object]:
    now = clock.wall()
    return {
        "fingerprint": tokens.digest(asked.content),
        "lease_until": now + timedelta(seconds=leases.lease_seconds()),
        "expires_at": now + RETENTION,
        "status_code": None,
        "headers": {},
        "body": "",
    }


def _taken_over(row: IdempotentRequest, asked: Asked) -> IdempotentRequest:
    """A row whose answer nobody is working on any more, or whose time is over, becomes this caller's."""
    free = IdempotentRequest.objects.filter(pk=row.pk, attempt=row.attempt)
    if row.expires_at > clock.wall():
        free = free.filter(lease_until__lte=clock.wall(), status_code=None)
    if not free.update(attempt=F("attempt") + 1, **_in_hand(asked)):
        raise InHand
    row.refresh_from_db()
    return row


def answer(row: IdempotentRequest, status_code: int, headers: dict[str, str], body: str) -> None:
    """Keep what was answered, unless somebody took the request over since."""
    _mine(row).update(status_code=status_code, headers=headers, body=body, lease_until=LONG_AGO)


def give_up(row: IdempotentRequest) -> None:
    """Nothing was decided: the same request may run again at once."""
    _mine(row).update(lease_until=LONG_AGO)


def forget(row: IdempotentRequest) -> None:
    """Nothing was begun: the key is as if it had never come, also for another body."""
    _mine(row).delete()


def _mine(row: IdempotentRequest) -> models.QuerySet[IdempotentRequest]:
    return IdempotentRequest.objects.filter(pk=row.pk, attempt=row.attempt, status_code=None)


def forget_old() -> dict[str, int]:
    """Delete what is older than a key is kept."""
    return {"requests": IdempotentRequest.objects.filter(expires_at__lte=clock.wall()).delete()[0]}
