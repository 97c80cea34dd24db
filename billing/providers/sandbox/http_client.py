"""The door for stripe-python: an HTTP client that has the sandbox at its other end."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import stripe
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from billing.providers.sandbox import faults
from billing.providers.sandbox.engine import Answer, Engine
from billing.providers.sandbox.errors import Broken, RateLimited, StripeError
from billing.providers.sandbox.faults import Fault

LIVE = "_live_"
# Nothing travels, so a retry need not wait for a network to recover.
RETRY_SECONDS = 0.02


class SandboxHTTPClient(stripe.HTTPClient):
    """Give it to StripeClient(http_client=…) or set it as stripe.default_http_client."""

    name = "mainstay-sandbox"

    def __init__(self) -> None:
        super().__init__()
        for key in (settings.STRIPE_SECRET_KEY, stripe.api_key or ""):
            _refuse_live(key)
        self.engine = Engine()

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Answer as api.stripe.com would."""
        given = headers or {}
        _refuse_live(given.get("Authorization", ""))
        address = urlsplit(url)
        fault = faults.meeting(method.upper(), address.path)
        if fault is Fault.TIMEOUT_BEFORE:
            raise _timed_out()
        answer = _failed(fault) or self.engine.request(method, address.path, post_data or address.query, given)
        if fault is Fault.TIMEOUT_AFTER:
            raise _timed_out()
        return json.dumps(answer.body), answer.status, httpx.Headers(answer.headers)

    def close(self) -> None:
        """There is no connection to close."""

    def _sleep_time_seconds(self, num_retries: int) -> float:
        return RETRY_SECONDS


def _refuse_live(key: str) -> None:
    if LIVE in key:
        raise ImproperlyConfigured("The sandbox refuses to work beside a live Stripe key.")


def _timed_out() -> stripe.APIConnectionError:
    message = "Request timed out (a fault injected into the sandbox)."
    return stripe.APIConnectionError(message, should_retry=True)  # type: ignore[no-untyped-call]


def _failed(fault: Fault | None) -> Answer | None:
    errors: dict[Fault | None, StripeError] = {
        Fault.RATE_LIMITED: RateLimited("Request rate limit exceeded.", code="rate_limit"),
        Fault.SERVER_ERROR: Broken("An unknown error occurred."),
    }
    error = errors.get(fault)
    return Answer(error.status, error.body(), {"Request-Id": "req_fault"}) if error else None
