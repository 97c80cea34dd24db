"""Signatures of the webhooks that we send, as Standard Webhooks 1.0 describes them, and the older headers beside them.

    webhook-id           the delivery's id, the same at every try: a receiver that has seen it does nothing
    webhook-timestamp    seconds since 1970 of this try
    webhook-signature    "v1,<base64 of HMAC-SHA-256(key, id.timestamp.body)>", one for each secret, space-separated
    X-LetsBe-Signature   hex of HMAC-SHA-256(key, body)
    X-LetsBe-Timestamp   as webhook-timestamp
    X-LetsBe-Event       the event's name

A secret is `whsec_<base64 of the key>`. The tenant agent verifies with a copy of its own (tenants/agent).
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

SECRET_PREFIX = "whsec_"  # noqa: S105
TOLERANCE_SECONDS = 300


def new_secret() -> str:
    """A secret of 256 random bits."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The key within a secret. Both alphabets of base64 are read, with or without padding."""
    text = secret.removeprefix(SECRET_PREFIX).rstrip("=").translate(str.maketrans("+/", "-_"))
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One entry of `webhook-signature`."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key_of(secret), signed, hashlib.sha256)).decode()


def headers(listed: Sequence[str], message_id: str, event: str, body: bytes, at: datetime) -> dict[str, str]:
    """The headers of one try, signed with every listed secret, the newest first."""
    timestamp = int(at.timestamp())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, message_id, timestamp, body) for secret in listed),
        "X-LetsBe-Signature": hmac.new(key_of(listed[0]), body, hashlib.sha256).hexdigest(),
        "X-LetsBe-Timestamp": str(timestamp),
        "X-LetsBe-Event": event,
    }


def verify(listed: Sequence[str], given: Mapping[str, str], body: bytes, at: datetime) -> bool:
    """Whether a message was signed with one of the secrets, not long before or after `at`."""
    try:
        message_id, timestamp = given["webhook-id"], int(given["webhook-timestamp"])
        offered = given["webhook-signature"].split()
    except (KeyError, ValueError):
        return False
    # In whole numbers: one of four hundred digits is no float.
    if abs(int(at.timestamp()) - timestamp) > TOLERANCE_SECONDS:
        return False
    expected = [signature(secret, message_id, timestamp, body) for secret in listed]
    return any(hmac.compare_digest(one.encode(), other.encode()) for one in expected for other in offered)
