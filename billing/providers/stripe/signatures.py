"""Whether a webhook comes from Stripe, is fresh, and speaks of the mode that this instance is in."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import stripe
from django.conf import settings

from billing.providers.facts import VerifiedEvent
from billing.providers.protocol import SignatureInvalid
from billing.providers.stripe.normalize import dig, moment
from billing.providers.stripe.subjects import owner_of, subject_of
from platform_core.api.parsing import read_text
from platform_core.errors import InvalidInput

TOLERANCE_SECONDS = 300
LONGEST_ID = 120


def _is_text(longest: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and 0 < len(value) <= longest


def _is_moment(value: Any) -> bool:
    return type(value) is int and 0 <= value < LATEST


def _has_object(value: Any) -> bool:
    identity = dig(value, "object", "id")
    return isinstance(dig(value, "object"), Mapping) and (identity is None or _is_text(120)(identity))


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
        payload=event,
        subject_id=subject_of(obj)[:LONGEST_ID] or object_id,
        owner_id=owner_of(obj, dig(event, "data", "previous_attributes"))[:LONGEST_ID] or event["id"],
        text=text or json.dumps(event),
    )


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
        event = read_text(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("The body is not JSON.") from error
    if dig(event, "object") != "event":
        raise InvalidInput("The body is not an event.", details={"object": ['Must be "event".']})
    wrong = {name: [f"{wanted} is wanted."] for name, (wanted, holds) in EVENT.items() if not holds(event.get(name))}
    if wrong:
        raise InvalidInput("The body is not an event.", details=wrong)
    found: Mapping[str, Any] = event
    return found
