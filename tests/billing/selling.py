"""A consumer that sells in an open shop, and how its back end calls."""

import json
from dataclasses import replace
from typing import Any

from billing.models import CheckoutSession, Consumer, Plan, Price
from billing.providers.sandbox.checkout import Payer, pay
from billing.services import catalog, consumer_checkout
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

WISH = consumer_checkout.Wish(
    provider_key="stripe",
    pricing_item_code=CODE,
    consumer_key="funnel",
    consumer_tenant_id="t1",
    success_url="https://shop.test/done",
    cancel_url="https://shop.test/back",
    tenant_name="Demo",
    billing_email="billing@demo.test",
)


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


def one_off(**fields: object) -> Price:
    """Something that is paid once, on sale in an open shop."""
    plan = Plan.objects.get(code="pages-team")
    terms: dict[str, Any] = {"kind": Price.Kind.ONE_OFF, "interval": Price.Interval.ONCE, "amount_minor": 1_900}
    Price.objects.create(plan=plan, lookup_key="credits_100", **terms | fields)
    catalog.publish_prices()
    return Price.objects.get(lookup_key="credits_100")


def bought_once(quantity: int, card: str = "4242424242424242") -> CheckoutSession:
    """Its tenant paid for so many; we have not heard of it yet."""
    row = consumer_checkout.start(replace(WISH, pricing_item_code="credits_100", quantity=quantity))
    pay(row.provider_session_id, Payer(number=card, email="billing@demo.test"))
    return row


def told(consumer: Consumer) -> list[dict[str, Any]]:
    """What is owed to a consumer or was sent, in its order."""
    messages = WebhookMessage.objects.filter(audience_id=consumer.pk).order_by("pk")
    assert WebhookDelivery.objects.filter(message__in=messages).count() == len(messages)
    return [json.loads(json.dumps(message.payload)) for message in messages]


def work() -> None:
    """Everything that waits."""
    while worker.round("test"):
        pass
