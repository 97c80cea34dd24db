"""The receiver: what is signed, fresh and ours is stored once; of anything else nothing is."""

import json
from typing import Any

import pytest
import stripe
from pytest_django import Settings

from platform_core import clock
from platform_core.models import ProviderEvent
from tests.clients import ApiClient

PATHS = ["/api/v1/webhooks/stripe", "/api/v1/billing/webhook", "/webhooks/stripe"]

each_path = pytest.mark.parametrize("path", PATHS)


def body(**changes: Any) -> str:
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "invoice.paid",
        "created": 1_772_323_200,
        "livemode": False,
        "data": {"object": {"id": "in_1", "object": "invoice"}},
    }
    return json.dumps(event | changes)


def signature(content: str, *, secret: str = "whsec_test", age: int = 0) -> str:
    at = int(clock.wall().timestamp()) - age
    return str(stripe.WebhookSignature.generate_signature_header(content, secret, at))


def deliver(client: ApiClient, content: str, signed: str | None = None, *, path: str = PATHS[0]) -> Any:
    header = signature(content) if signed is None else signed
    return client.post(path, content.encode(), headers={"Stripe-Signature": header} if header else {})


@each_path
def test_a_signed_event_is_stored_and_answered_at_once(anonymous: ApiClient, path: str) -> None:
    answer = deliver(anonymous, body(), path=path)

    assert (answer.status_code, answer.json()) == (200, {"received": True})
    event = ProviderEvent.objects.get()
    assert (event.provider, event.external_id, event.kind, event.object_id, event.status) == (
        "stripe",
        "evt_1",
        "invoice.paid",
        "in_1",
        "RECEIVED",
    )
    assert event.body == body()


@each_path
def test_a_missing_signature_is_named(anonymous: ApiClient, path: str) -> None:
    answer = deliver(anonymous, body(), "", path=path)

    assert answer.status_code == 400
    assert answer.json() == {
        "code": "VALIDATION_ERROR",
        "message": "Missing Stripe-Signature header.",
        "details": {"Stripe-Signature": ["This header is required."]},
    }
    assert not ProviderEvent.objects.exists()


@pytest.mark.parametrize(
    "signed",
    [
        signature(body(), secret="whsec_somebody_elses"),
        signature(body(), age=301),
        signature(body(id="evt_other")),
        "t=1,v1=0",
        "garbage",
    ],
    ids=["wrong secret", "stale", "tampered", "made up", "malformed"],
)
def test_a_signature_that_does_not_hold_stores_nothing(anonymous: ApiClient, signed: str) -> None:
    answer = deliver(anonymous, body(), signed)

    assert answer.status_code == 400
    assert answer.json() == {"code": "STRIPE_SIGNATURE_INVALID", "message": "Webhook signature verification failed."}
    assert not ProviderEvent.objects.exists()


def test_the_previous_secret_counts_until_it_is_taken_out(anonymous: ApiClient, settings: Settings) -> None:
    signed = signature(body(), secret="whsec_test_previous")
    assert deliver(anonymous, body(), signed).status_code == 200

    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_test"]
    assert (
        deliver(anonymous, body(id="evt_2"), signature(body(id="evt_2"), secret="whsec_test_previous")).status_code
        == 400
    )
    assert ProviderEvent.objects.count() == 1


def test_the_same_event_again_is_the_same_row(anonymous: ApiClient) -> None:
    for path in PATHS:
        assert deliver(anonymous, body(), path=path).status_code == 200

    assert ProviderEvent.objects.count() == 1


def test_an_event_that_was_worked_off_is_not_woken_by_its_copy(anonymous: ApiClient) -> None:
    deliver(anonymous, body())
    ProviderEvent.objects.update(status="PROCESSED")

    deliver(anonymous, body())

    assert ProviderEvent.objects.get().status == "PROCESSED"


def test_a_live_event_is_nothing_for_a_test_instance(anonymous: ApiClient) -> None:
    answer = deliver(anonymous, body(livemode=True))

    assert answer.status_code == 400
    assert answer.json()["details"] == {"livemode": ["Must be of the test mode."]}
    assert not ProviderEvent.objects.exists()


@pytest.mark.parametrize("content", ["", "not json", "[]", '{"object":"charge"}'])
def test_a_signed_body_that_is_no_event(anonymous: ApiClient, content: str) -> None:
    answer = deliver(anonymous, content)

    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert not ProviderEvent.objects.exists()


def test_a_body_larger_than_any_event_is_not_even_verified(anonymous: ApiClient) -> None:
    large = body(padding="x" * 256 * 1024)

    answer = deliver(anonymous, large)

    assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert not ProviderEvent.objects.exists()


def test_one_that_is_larger_than_any_request_neither(anonymous: ApiClient) -> None:
    answer = deliver(anonymous, body(padding="x" * 3 * 1024 * 1024))

    assert answer.status_code in (400, 413)
    assert not ProviderEvent.objects.exists()


def test_there_is_nothing_to_read_here(anonymous: ApiClient) -> None:
    assert anonymous.get(PATHS[0]).status_code == 405


def test_receiving_is_cheap(anonymous: ApiClient, django_assert_max_num_queries: Any) -> None:
    content = body()
    with django_assert_max_num_queries(2):
        deliver(anonymous, content)
