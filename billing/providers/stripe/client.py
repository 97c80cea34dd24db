"""How we call Stripe: with our own client, outside transactions, and with its failures in our words."""

from collections.abc import Iterator
from contextlib import contextmanager

import stripe
from django.conf import settings

from billing.providers.protocol import CardDeclined, ProviderError, ProviderRefused
from platform_core import transactions

CONNECT_SECONDS = 5.0
# Stripe itself gives up a charge after some 20 seconds.
READ_SECONDS = 30.0

ADVICE: list[tuple[type[stripe.StripeError], str]] = [
    (stripe.APIConnectionError, "The payment provider did not answer. Nothing is lost: try again in a moment."),
    (stripe.RateLimitError, "The payment provider is busy. Try again in a minute."),
    (stripe.AuthenticationError, "The payment provider refused our key: an operator must check STRIPE_SECRET_KEY."),
    (stripe.PermissionError, "Our key at the payment provider may not do this: an operator must widen its rights."),
    (
        stripe.IdempotencyError,
        "The payment provider knows another request under the same key and did nothing: an operator must look at it.",
    ),
]
BUSY_KEY = "idempotency_key_in_use"


def build_client() -> stripe.StripeClient:
    """A client with our key and the API version that this code was written for."""
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        stripe_version=settings.STRIPE_API_VERSION,
        http_client=_http_client(),
        # Repeated at once under the same key; what still fails is repeated later, by the row that wanted it.
        max_network_retries=2,
    )


def _http_client() -> stripe.HTTPClient:
    if settings.SANDBOX:
        # Production never loads the sandbox.
        from billing.providers.sandbox.http_client import SandboxHTTPClient  # noqa: PLC0415

        return SandboxHTTPClient()
    return stripe.RequestsClient(timeout=(CONNECT_SECONDS, READ_SECONDS))


@contextmanager
def calling() -> Iterator[None]:
    """Around every call: refuses inside a transaction, and turns Stripe's errors into ours."""
    transactions.outside()
    try:
        yield
    except stripe.CardError as error:
        raise CardDeclined(error.user_message or "The card was declined.") from error
    except stripe.StripeError as error:
        raise (ProviderRefused if _is_refusal(error) else ProviderError)(advice(error)) from error


def _is_refusal(error: stripe.StripeError) -> bool:
    """Whether asking the same again can only be answered the same."""
    code = error.error.code if error.error is not None else ""
    return isinstance(error, stripe.InvalidRequestError) and code != BUSY_KEY


def advice(error: stripe.StripeError) -> str:
    """What the person in front of the screen can do about it."""
    for kind, text in ADVICE:
        if isinstance(error, kind):
            return text
    if error.error is not None and error.error.code == BUSY_KEY:
        return "The same request is still under way at the payment provider. Try again in a moment."
    reference = f" (reference {error.request_id})" if error.request_id else ""
    return f"The payment provider refused the request{reference}: {error.user_message or type(error).__name__}"
