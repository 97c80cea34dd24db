"""Whether a webhook is the hub's: Standard Webhooks, and the hub's own three headers beside them."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from tenants.agent import clock

TOLERANCE_SECONDS = 300
PREFIX = "whsec_"


class NotTheHub(Exception):
    """The signature is missing, wrong or too old."""


@dataclass(frozen=True)
class Signed:
    """What the headers of a verified webhook say."""

    message_id: str
    event: str


def _key(secret: str) -> bytes:
    """Both alphabets of base64 are read, with or without padding."""
    text = secret.removeprefix(PREFIX).rstrip("=").translate(str.maketrans("+/", "-_"))
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _fresh(timestamp: str) -> None:
    """Machine time, not the hub's business time: that may be moved, and with it every old message would be new."""
    try:
        # In whole numbers: one of four hundred digits is no float.
        age = int(clock.machine().timestamp()) - int(timestamp)
    except ValueError as error:
        raise NotTheHub("the timestamp is no number") from error
    if abs(age) > TOLERANCE_SECONDS:
        raise NotTheHub("the timestamp is too far from now")


def _standard(key: bytes, headers: Mapping[str, str], body: bytes) -> bool:
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = hmac.new(key, signed, hashlib.sha256).digest()
    for entry in headers["webhook-signature"].split():
        version, _, text = entry.partition(",")
        try:
            given = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            continue
        if version == "v1" and hmac.compare_digest(given, expected):
            return True
    return False


def verify(secret: str, headers: Mapping[str, str], body: bytes) -> Signed:
    """Signed by the hub, over this body, just now. `headers` have lower-case names.

    X-LetsBe-Signature binds the body to no time and is made with the newest secret only, so it decides nothing.
    """
    try:
        _fresh(headers["webhook-timestamp"])
        genuine = _standard(_key(secret), headers, body)
        same_time = headers["x-letsbe-timestamp"] == headers["webhook-timestamp"]
        signed = Signed(headers["webhook-id"], headers["x-letsbe-event"])
    except KeyError as error:
        raise NotTheHub(f"the header {error} is missing") from error
    if not (genuine and same_time):
        raise NotTheHub("the signature is not the hub's")
    return signed
