"""What every provider refuses, and what we make of the refusal; and how it tells of what happened."""

import json

import pytest
import stripe
from django.conf import settings as configured
from pytest_django import Settings

from billing.providers.protocol import ProviderError
from billing.providers.stripe.provider import StripeProvider
from tests.billing.providers.contract import side as sides
from tests.billing.providers.contract.side import Side


def test_the_same_key_for_something_else_is_refused_and_does_nothing(side: Side) -> None:
    key = side.key("customer")
    first = side.provider.ensure_customer(organization_id="o1", name="Bakery", email="b@bakery.test", key=key)

    with pytest.raises(ProviderError, match="another request under the same key") as refused:
        side.provider.ensure_customer(organization_id="o2", name="Other", email="b@bakery.test", key=key)

    assert isinstance(refused.value.__cause__, stripe.IdempotencyError)
    assert side.api.customers.retrieve(first).name == "Bakery"


@pytest.mark.parametrize(
    ("kind", "object_id"),
    [
        ("checkout.session.completed", "cs_test_gone"),
        ("customer.subscription.deleted", "sub_gone"),
        ("invoice.deleted", "in_gone"),
    ],
    ids=["checkout", "subscription", "invoice"],
)
def test_what_is_gone_concerns_nobody(side: Side, kind: str, object_id: str) -> None:
    assert side.provider.snapshot(kind, object_id) is None


def test_whatever_is_missing_is_named(side: Side) -> None:
    with pytest.raises(ProviderError, match="No such invoice: 'in_gone'") as missing:
        side.provider.finalize_invoice("in_gone", key=side.key("finalize"))
    with pytest.raises(ProviderError, match="No such customer: 'cus_gone'"):
        side.provider.add_invoice_item(side.item("cus_gone"), key=side.key("item"))

    cause = missing.value.__cause__
    assert isinstance(cause, stripe.InvalidRequestError)
    assert (cause.http_status, cause.code) == (404, "resource_missing")


def test_a_key_that_is_nobodys_is_an_operators_matter(side: Side, settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY = "sk_nobodys_key"
    stranger = StripeProvider()

    with pytest.raises(ProviderError, match="check STRIPE_SECRET_KEY"):
        stranger.invoices_of("sub_1")
    with pytest.raises(ProviderError, match="check STRIPE_SECRET_KEY"):
        stranger.ensure_customer(organization_id="o1", name="Bakery", email="b@bakery.test", key=side.key("k"))


def test_what_happened_is_listed_and_passes_our_own_receiver(side: Side) -> None:
    customer = side.customer()
    fact = side.subscribed(customer)

    def told() -> dict[str, stripe.Event]:
        kinds = ["customer.created", "customer.subscription.created", "invoice.paid"]
        found = side.api.events.list({"types": kinds, "limit": 100})
        return {event.type: event for event in found.data if customer in json.dumps(event.to_dict(for_json=True))}

    side.eventually(lambda: len(told()) == 3)
    event = told()["customer.subscription.created"]
    body = json.dumps(event.to_dict(for_json=True))
    secret = configured.STRIPE_WEBHOOK_SECRETS[0]
    signature = stripe.WebhookSignature.generate_signature_header(body, secret)

    verified = side.provider.verify(body.encode(), signature)

    assert (verified.id, verified.kind, verified.object_id) == (event.id, "customer.subscription.created", fact.id)
    assert int(verified.occurred_at.timestamp()) == event.created


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1", "pk_test_1"])
def test_no_key_but_a_test_key_is_taken(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv(sides.KEY, key)

    with pytest.raises(sides.NotATestKey, match="must begin with sk_test_"):
        sides.key_given()
