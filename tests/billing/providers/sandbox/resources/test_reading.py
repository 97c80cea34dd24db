"""What can only be read: payments and events; and webhook endpoints."""

from typing import Any

import pytest
import stripe

from tests.billing.providers.sandbox import shop


def test_payments_are_found_by_customer_and_by_each_other() -> None:
    api = shop.client().v1
    customer = shop.customer()
    shop.subscription(to=customer)
    shop.subscription()

    (intent,) = api.payment_intents.list({"customer": customer.id}).data
    (charge,) = api.charges.list({"payment_intent": intent.id}).data

    assert (charge.amount, charge.status, charge.customer) == (6_500, "succeeded", customer.id)
    assert intent.latest_charge == charge.id
    assert api.payment_intents.retrieve(intent.id).id == intent.id
    assert api.charges.retrieve(charge.id).payment_intent == intent.id
    assert len(api.charges.list({"customer": customer.id}).data) == 1


def test_a_failed_charge_says_why() -> None:
    shop.subscription(to=shop.customer("chargeCustomerFail"))

    (charge,) = shop.client().v1.charges.list().data
    assert (charge.status, charge.paid, charge.failure_code, charge.failure_message) == (
        "failed",
        False,
        "card_declined",
        "Your card was declined.",
    )


def test_events_are_found_by_kind() -> None:
    api = shop.client().v1
    shop.subscription()

    def kinds(**params: Any) -> set[str]:
        given: Any = {"limit": 100, **params}
        return {str(event.type) for event in api.events.list(given).data}

    assert kinds(type="invoice.paid") == {"invoice.paid"}
    assert kinds(type="customer.*") == {
        "customer.created",
        "customer.subscription.created",
        "customer.subscription.updated",
        "customer.updated",
    }
    assert kinds(types=["charge.succeeded", "invoice.paid"]) == {"charge.succeeded", "invoice.paid"}
    first = api.events.list({"limit": 1}).data[0]
    assert api.events.retrieve(first.id).type == first.type
    assert first.pending_webhooks == 1


def test_an_endpoint_shows_its_secret_once() -> None:
    api = shop.client().v1
    made = api.webhook_endpoints.create({"url": "https://hooks.test/a", "enabled_events": ["invoice.paid"]})

    assert made.secret is not None
    assert made.secret.startswith("whsec_")
    assert "secret" not in shop.plain(api.webhook_endpoints.retrieve(made.id))
    changed = api.webhook_endpoints.update(
        made.id,
        {
            "url": "https://hooks.test/b",
            "enabled_events": ["*"],
            "description": "B",
            "metadata": {"a": "b"},
            "disabled": True,
        },
    )
    assert (changed.url, changed.enabled_events, changed.status) == ("https://hooks.test/b", ["*"], "disabled")
    assert api.webhook_endpoints.update(made.id, {"disabled": False}).status == "enabled"
    assert [found.id for found in api.webhook_endpoints.list().data] == [made.id]
    assert api.webhook_endpoints.delete(made.id).deleted is True
    with pytest.raises(stripe.InvalidRequestError, match="No such webhook endpoint"):
        api.webhook_endpoints.retrieve(made.id)
