"""Only what Stripe signed with one of our secrets, lately, in our mode, is an event."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe
from pytest_django import Settings

from billing.providers.protocol import SignatureInvalid
from billing.providers.stripe.signatures import verify
from platform_core import clock
from platform_core.errors import InvalidInput


def body(**changes: Any) -> bytes:
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "invoice.paid",
        "created": 1_772_323_200,
        "livemode": False,
        "data": {"object": {"id": "in_1"}},
    }
    return json.dumps(event | changes).encode()


def signed(content: bytes, *, secret: str = "whsec_test", age: int = 0) -> str:
    at = int(clock.wall().timestamp()) - age
    return str(stripe.WebhookSignature.generate_signature_header(content.decode(), secret, at))


def test_a_signed_event_is_read() -> None:
    event = verify(body(), signed(body()))

    assert (event.id, event.kind, event.object_id) == ("evt_1", "invoice.paid", "in_1")
    assert event.occurred_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert json.loads(event.body)["data"] == {"object": {"id": "in_1"}}


def test_the_secret_before_the_present_one_still_counts() -> None:
    assert verify(body(), signed(body(), secret="whsec_test_previous")).id == "evt_1"


def test_an_object_without_id_is_no_reason_to_fail() -> None:
    upcoming = body(type="invoice.upcoming", data={"object": {}})

    assert verify(upcoming, signed(upcoming)).object_id == ""


def test_five_minutes_are_fresh_enough() -> None:
    assert verify(body(), signed(body(), age=290)).id == "evt_1"


@pytest.mark.parametrize(
    "signature",
    [
        signed(body(), secret="whsec_other"),
        signed(body(), age=310),
        signed(body(id="evt_2")),
        "t=1,v1=zz",
        "t=x,v1=zz",
        "v1=zz",
        "t=1,v1=\u00e9",
        "t=" + "9" * 5000 + ",v1=zz",
        "nonsense",
    ],
    ids=["wrong secret", "stale", "tampered", "no match", "no time", "time missing", "not ascii", "huge", "no pairs"],
)
def test_anything_else_is_refused(signature: str) -> None:
    with pytest.raises(SignatureInvalid) as refused:
        verify(body(), signature)
    assert (refused.value.status, refused.value.code) == (400, "STRIPE_SIGNATURE_INVALID")


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(SignatureInvalid):
        verify(b"\xff\xfe", signed(b"x"))


def test_an_empty_secret_lets_nobody_in(settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = [""]

    with pytest.raises(SignatureInvalid):
        verify(body(), signed(body(), secret=""))


def test_an_event_of_the_other_mode_is_refused_by_name(settings: Settings) -> None:
    with pytest.raises(InvalidInput, match="test events only") as refused:
        verify(body(livemode=True), signed(body(livemode=True)))
    assert refused.value.details == {"livemode": ["Must be of the test mode."]}

    settings.STRIPE_LIVE_MODE = True
    with pytest.raises(InvalidInput, match="live events only"):
        verify(body(), signed(body()))
    assert verify(body(livemode=True), signed(body(livemode=True))).id == "evt_1"


@pytest.mark.parametrize(
    "content", [b"not json", b"[]", b'{"object": "charge"}', b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}"]
)
def test_a_signed_body_that_is_no_event_is_bad_input(content: bytes) -> None:
    with pytest.raises(InvalidInput):
        verify(content, signed(content))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", 5),
        ("id", ""),
        ("id", "evt_" + "x" * 120),
        ("type", None),
        ("type", "x" * 81),
        ("created", True),
        ("created", "now"),
        ("created", -1),
        ("created", 10**11),
        ("livemode", "false"),
        ("data", None),
        ("data", []),
        ("data", {"object": []}),
        ("data", {"object": {"id": {"a": 1}}}),
        ("data", {"object": {"id": "in_" + "x" * 120}}),
    ],
)
def test_a_signed_event_that_we_could_not_keep_is_refused_by_name(field: str, value: object) -> None:
    content = body(**{field: value})

    with pytest.raises(InvalidInput) as refused:
        verify(content, signed(content))
    assert list(refused.value.details) == [field]


@pytest.mark.parametrize("text", ["\x00", "\ud800"])
def test_what_a_database_cannot_store_is_kept_as_it_was_written(text: str) -> None:
    content = body(data={"object": {"id": "in_1", "customer": f"cus{text}", "description": text}})

    event = verify(content, signed(content))

    assert (event.body, event.owner_id) == (content.decode(), "cus\ufffd")


@pytest.mark.parametrize("field", ["id", "type"])
@pytest.mark.parametrize("text", ["\x00", "\ud800"])
def test_a_name_that_cannot_be_stored_is_refused(field: str, text: str) -> None:
    content = body(**{field: f"evt{text}"})

    with pytest.raises(InvalidInput) as refused:
        verify(content, signed(content))
    assert list(refused.value.details) == [field]
