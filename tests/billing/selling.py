"""A consumer that sells in an open shop, and how its back end calls."""

import json
from typing import Any

from billing.models import CheckoutSession, Consumer
from billing.providers.sandbox.checkout import Payer, pay
from platform_core import worker
from platform_core.models import WebhookDelivery, WebhookMessage
from tests import kept, make
from tests.billing import shop
from tests.clients import ApiClient

CODE = "pages-team-month-usd"
BODY = {
    "providerKey": "stripe",
    "pricingItemCode": CODE,
    "consumerKey": "funnel",
    "consumerTenantId": "tenant_123",
    "tenantName": "Demo",
    "legalName": "Demo SRL",
    "billingEmail": "billing@example.test",
    "successUrl": "http://funnel.cs.lvh.me:8080/#/pricing/complete?session_id={CHECKOUT_SESSION_ID}",
    "cancelUrl": "http://funnel.cs.lvh.me:8080/#/pricing?checkout=cancel",
}


def service() -> ApiClient:
    """A back end of ours."""
    return ApiClient(headers={"x-platform-internal-token": "test-internal-token"})


def funnel() -> Consumer:
    """A consumer in an open shop, with an address at which nobody listens."""

    def begin() -> None:
        shop.opened()
        make.consumer("funnel", url="http://127.0.0.1:9/events")

    kept.situation("a consumer in an open shop", begin)
    return Consumer.objects.get(key="funnel")


def sold() -> CheckoutSession:
    """Its tenant bought Pages Team, and we heard everything of it."""

    def sell() -> None:
        funnel()
        made = service().post("/internal/payments/checkout-sessions", BODY)
        assert made.status_code == 201, made.content
        pay(made.json()["providerCheckoutSessionId"], Payer(email="billing@example.test"))
        shop.catch_up()

    kept.situation("a consumer's tenant that bought", sell)
    return CheckoutSession.objects.get()


def told(consumer: Consumer) -> list[dict[str, Any]]:
    """What is owed to a consumer or was sent, in its order."""
    messages = WebhookMessage.objects.filter(audience_id=consumer.pk).order_by("pk")
    assert WebhookDelivery.objects.filter(message__in=messages).count() == len(messages)
    return [json.loads(json.dumps(message.payload)) for message in messages]


def work() -> None:
    """Everything that waits."""
    while worker.round("test"):
        pass
