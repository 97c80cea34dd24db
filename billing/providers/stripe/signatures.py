"""Whether a webhook comes from Stripe, is fresh, and speaks of the mode that this instance is in."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import stripe
from django.conf import settings
from msgspec.structs import asdict

from billing.providers.facts import VerifiedEvent
from billing.providers.protocol import SignatureInvalid
from billing.providers.stripe.normalize import dig, moment
from billing.providers.stripe.subjects import owner_of, subject_of
from platform_core import foreign_json
from platform_core.api.parsing import UNSTORABLE
from platform_core.errors import InvalidInput

TOLERANCE_SECONDS = 300
LONGEST_ID = 120


def _is_text(longest: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and 0 < len(value) <= longest and not UNSTORABLE.search(value)


def _is_moment(value: Any) -> bool:
    return type(value) is int and 0 <= value < LATEST


def _has_object(value: Any) -> bool:
    identity = dig(value, "object", "id")
    return isinstance(dig(value, "object"), Mapping) and (identity is None or _is_text(120)(identity))


class _Object(msgspec.Struct):
    """What tells whose an object is. The rest of it is kept as text, unread: a dozenth of the time."""

    id: Any = None
    object: Any = None
    customer: Any = None
    payment_intent: Any = None
    charge: Any = None
    subscription: Any = None
    parent: Any = None
    metadata: Any = None


class _Data(msgspec.Struct):
    object: _Object
    previous_attributes: _Object | None = None


class _Event(msgspec.Struct):
    data: _Data
    id: Any = None
    object: Any = None
    type: Any = None
    created: Any = None
    livemode: Any = None


DECODER = msgspec.json.Decoder(_Event)
# The seconds of the year 5138.
LATEST = 10**11
# What we read of an event, and keep in columns of these widths.
EVENT: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "id": ("A text of at most 120 characters", _is_text(120)),
    "type": ("A text of at most 80 characters", _is_text(80)),
    "created": ("A time in whole seconds", _is_moment),
    "livemode": ("true or false", lambda value: isinstance(value, bool)),
    "data": ("An object with an object in it", _has_object),
}


def verify(body: bytes, signature: str) -> VerifiedEvent:
    """The event of a signed body; any of the configured secrets may have signed it."""
    text = _text(body)
    if not signature.isascii() or not any(_signed(text, signature, secret) for secret in _secrets()):
        raise SignatureInvalid("Webhook signature verification failed.")
    event = _event(text)
    if event["livemode"] is not settings.STRIPE_LIVE_MODE:
        mode = "live" if settings.STRIPE_LIVE_MODE else "test"
        raise InvalidInput(
            f"This instance takes {mode} events only.", details={"livemode": [f"Must be of the {mode} mode."]}
        )
    return event_of(event, text)


def event_of(event: Mapping[str, Any], text: str = "") -> VerifiedEvent:
    """Stripe's event in our words."""
    obj = event["data"]["object"]
    object_id = obj.get("id") or ""
    return VerifiedEvent(
        id=event["id"],
        kind=event["type"],
        object_id=object_id,
        occurred_at=moment(event["created"]),
        body=text or json.dumps(event),
        subject_id=_short(subject_of(obj)) or object_id,
        owner_id=_short(owner_of(obj, dig(event, "data", "previous_attributes"))) or event["id"],
    )


def _short(identity: str) -> str:
    return UNSTORABLE.sub("\ufffd", identity[:LONGEST_ID])


def _secrets() -> list[str]:
    """An empty secret would let anyone sign."""
    return [secret for secret in settings.STRIPE_WEBHOOK_SECRETS if secret]


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise SignatureInvalid("Webhook signature verification failed.") from error


def _signed(text: str, signature: str, secret: str) -> bool:
    try:
        return bool(stripe.WebhookSignature.verify_header(text, signature, secret, TOLERANCE_SECONDS))
    except stripe.SignatureVerificationError:
        return False


def _event(text: str) -> Mapping[str, Any]:
    """A signed body that is not an event came from a misconfigured sender that knows the secret."""
    try:
        event = _read(text)
    except ValueError as error:
        raise InvalidInput("The body is not JSON.") from error
    if dig(event, "object") != "event":
        raise InvalidInput("The body is not an event.", details={"object": ['Must be "event".']})
    wrong = {name: [f"{wanted} is wanted."] for name, (wanted, holds) in EVENT.items() if not holds(event.get(name))}
    if wrong:
        raise InvalidInput("The body is not an event.", details=wrong)
    found: Mapping[str, Any] = event
    return found


def _read(text: str) -> Any:
    try:
        told = DECODER.decode(text)
    except (msgspec.DecodeError, RecursionError):
        # Of another shape, or none: whoever sent it is told of what there is.
        return foreign_json.read(text)
    before = told.data.previous_attributes
    about = {"object": asdict(told.data.object), "previous_attributes": before and asdict(before)}
    return {**asdict(told), "data": about}
