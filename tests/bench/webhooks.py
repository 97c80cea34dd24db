"""Signed events into our receiver and into dj-stripe's, which mirrors the event's object while Stripe waits."""

import itertools
import json
import time
from collections.abc import Mapping
from typing import Any

import stripe
from django.conf import settings
from djstripe.models import WebhookEndpoint

from billing.providers.sandbox.http_client import SandboxHTTPClient
from platform_core import clock
from tests.bench import wsgi
from tests.bench.harness import Call, Comparison, compare
from tests.billing.providers.sandbox import shop

HIDDEN = "the event's number"


class RememberingClient(SandboxHTTPClient):
    """Answers each question of dj-stripe's as before, at no cost: what it takes is dj-stripe's own."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, tuple[str, int, Mapping[str, str]]] = {}

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **options: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        if url not in self.known:
            self.known[url] = super().request(method, url, headers, post_data, **options)
        return self.known[url]


def receiver() -> Comparison:
    """Verify, store once, answer; against the view that also acts on the event while Stripe waits."""
    subscription = shop.plain(shop.subscription())
    secret = settings.STRIPE_WEBHOOK_SECRETS[0]
    WebhookEndpoint.objects.create(
        id="we_bench",
        secret=secret,
        url="https://example.com",
        livemode=False,
        enabled_events=["*"],
        status="enabled",
        stripe_data={"id": "we_bench"},
    )
    stripe.default_http_client = RememberingClient()
    return compare(
        "webhook receiver",
        _signed(wsgi.ours(), "/api/v1/webhooks/stripe", subscription, secret),
        "dj-stripe's view, mirroring at once",
        _signed(wsgi.usual(), "/bench/stripe", subscription, secret),
        target=10,
    )


def _signed(application: Any, path: str, subscription: Any, secret: str) -> Call:
    """Each event is another one; writing and signing it is the sender's work, made as light as it gets."""
    numbers = itertools.count(time.monotonic_ns())
    event = {
        "id": HIDDEN, "object": "event", "type": "customer.subscription.updated",
        "api_version": settings.STRIPE_API_VERSION, "created": int(clock.wall().timestamp()), "livemode": False,
        "pending_webhooks": 1, "request": {"id": None, "idempotency_key": None}, "data": {"object": subscription},
    }  # fmt: skip
    before, after = json.dumps(event).split(HIDDEN)

    def call() -> None:
        body = f"{before}evt_{next(numbers)}{after}"
        signature = stripe.WebhookSignature.generate_signature_header(body, secret)
        wsgi.call(application, "POST", path, body.encode(), stripe_signature=signature)()

    return call
