"""Every failure of Stripe comes out in our words, and says what to do."""

from typing import Any

import pytest
import stripe
from django.db import transaction
from pytest_django import Settings

from billing.providers import provider
from billing.providers.protocol import CardDeclined, ProviderError
from billing.providers.sandbox.http_client import SandboxHTTPClient
from billing.providers.stripe.client import build_client, calling
from platform_core.transactions import InsideTransaction

# Their constructors have no types.
ERRORS: Any = stripe


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ERRORS.APIConnectionError("Timed out"), "did not answer.+try again in a moment"),
        (ERRORS.RateLimitError("Slow down"), "busy.+in a minute"),
        (ERRORS.AuthenticationError("No such key"), "check STRIPE_SECRET_KEY"),
        (ERRORS.PermissionError("Not with this key"), "widen its rights"),
        (ERRORS.IdempotencyError("Only with the same parameters"), "another request under the same key"),
        (ERRORS.APIError("In use", json_body={"error": {"code": "idempotency_key_in_use"}}), "still under way"),
        (ERRORS.InvalidRequestError("No such price: 'p'", "price"), "refused the request: No such price: 'p'"),
        (ERRORS.APIError("", headers={"request-id": "req_1"}), r"refused the request \(reference req_1\): APIError"),
    ],
)
def test_what_stripe_says_becomes_what_to_do(error: stripe.StripeError, said: str) -> None:
    with pytest.raises(ProviderError, match=said) as raised, calling():
        raise error
    assert (raised.value.status, raised.value.code) == (502, "STRIPE_ERROR")


@pytest.mark.parametrize(
    ("told", "shown"), [("Your card has expired.", "Your card has expired."), (None, "The card was declined.")]
)
def test_a_declined_card_says_why(told: str | None, shown: str) -> None:
    with pytest.raises(CardDeclined, match=shown) as raised, calling():
        raise ERRORS.CardError(told, None, "card_declined")
    assert (raised.value.status, raised.value.code) == (402, "CARD_DECLINED")


def test_nothing_is_called_inside_a_transaction() -> None:
    with pytest.raises(InsideTransaction), transaction.atomic():
        provider().invoices_of("sub_1")


def test_the_sandbox_is_the_same_client_over_another_wire(settings: Settings) -> None:
    settings.SANDBOX = True
    client = build_client()

    assert isinstance(client._requestor._client, SandboxHTTPClient)
    assert client._requestor.stripe_version == settings.STRIPE_API_VERSION == "2026-08-26.dahlia"
    assert client._requestor.api_key == settings.STRIPE_SECRET_KEY


def test_the_real_one_has_time_outs(settings: Settings) -> None:
    settings.SANDBOX = False
    wire = build_client()._requestor._client

    assert isinstance(wire, stripe.RequestsClient)
    assert wire._timeout == (5.0, 30.0)
