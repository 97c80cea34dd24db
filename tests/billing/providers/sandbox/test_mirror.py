"""Real dj-stripe takes in everything that the sandbox shows, and asks for nothing more once it knows the references."""

from collections.abc import Mapping
from typing import Any

import pytest
import stripe
from django.conf import settings
from djstripe import models as mirrored

from billing.providers.sandbox.http_client import SandboxHTTPClient
from tests.billing.providers.sandbox import shop


class CountingClient(SandboxHTTPClient):
    """Notes what is asked of Stripe."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **options: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        self.asked.append(f"{method.upper()} {url.removeprefix('https://api.stripe.com').partition('?')[0]}")
        return super().request(method, url, headers, post_data, **options)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What dj-stripe, which speaks through the module's own client, asked so far."""
    client = CountingClient()
    monkeypatch.setattr(stripe, "default_http_client", client)
    monkeypatch.setattr(stripe, "api_key", settings.STRIPE_SECRET_KEY)
    return client.asked


def sync(model: Any, obj: stripe.StripeObject) -> Any:
    """Into dj-stripe's tables."""
    return model.sync_from_stripe_data(obj, api_key=settings.STRIPE_SECRET_KEY)


def everything() -> list[tuple[Any, Any]]:
    """One object of every kind that dj-stripe mirrors, each after what it refers to."""
    api = shop.client().v1
    done = shop.pay(shop.checkout_session(metadata={"a": "b"}))
    subscription = api.subscriptions.retrieve(done["subscription"])
    item = api.invoice_items.create(
        {
            "customer": done["customer"],
            "amount": 900,
            "currency": "usd",
            "description": "Overage",
            "subscription": subscription.id,
        }
    )
    invoice = api.invoices.retrieve(done["invoice"])
    intent = api.payment_intents.list({"customer": done["customer"]}).data[0]
    return [
        (mirrored.Account, api.accounts.retrieve_current()),
        (mirrored.Product, api.products.list().data[0]),
        (mirrored.Price, api.prices.list().data[0]),
        (mirrored.Customer, api.customers.retrieve(done["customer"], {"expand": ["sources"]})),
        (mirrored.PaymentMethod, api.payment_methods.retrieve(str(subscription.default_payment_method))),
        (mirrored.Subscription, subscription),
        (mirrored.SubscriptionItem, subscription["items"].data[0]),
        (mirrored.Invoice, invoice),
        (mirrored.InvoiceItem, item),
        (mirrored.LineItem, invoice.lines.data[0]),
        (mirrored.PaymentIntent, intent),
        (mirrored.Charge, api.charges.retrieve(str(intent.latest_charge))),
        (mirrored.Session, api.checkout.sessions.retrieve(done["id"], {"expand": mirrored.Session.expand_fields})),
        (mirrored.Event, api.events.list({"type": "invoice.paid"}).data[0]),
    ]


def test_every_kind_is_mirrored_without_further_questions(calls: list[str]) -> None:
    objects = everything()
    for model, obj in objects:
        sync(model, obj)
    calls.clear()

    for model, obj in objects:
        row = sync(model, obj)

        assert (row.id, row.stripe_data["id"]) == (obj.id, obj.id)
        assert str(row)
    # dj-stripe asks for a product's features whenever it writes one, and for nothing else.
    product = next(obj.id for model, obj in objects if model is mirrored.Product)
    assert set(calls) == {f"GET /v1/products/{product}/features"}


def test_references_that_are_not_known_yet_are_found(calls: list[str]) -> None:
    done = shop.pay(shop.checkout_session())

    session = sync(mirrored.Session, shop.client().v1.checkout.sessions.retrieve(done["id"]))

    assert session.subscription.id == done["subscription"]
    assert session.customer.id == done["customer"]
    assert session.subscription.customer == session.customer
    assert mirrored.Price.objects.get().product == mirrored.Product.objects.get()
    assert not [asked for asked in calls if not asked.startswith("GET ")]


def test_the_mirror_keeps_the_period_where_this_version_puts_it(calls: list[str]) -> None:
    subscription = shop.subscription()

    row = sync(mirrored.Subscription, subscription)

    assert row.stripe_data["items"]["data"][0]["current_period_end"] == shop.period_end(subscription)
    assert "current_period_end" not in row.stripe_data


@pytest.mark.parametrize(
    "model", [mirrored.Product, mirrored.Price, mirrored.Customer, mirrored.Subscription, mirrored.Invoice]
)
def test_djstripes_own_listing_works(calls: list[str], model: Any) -> None:
    shop.pay(shop.checkout_session())

    found = list(model.api_list(api_key=settings.STRIPE_SECRET_KEY))

    assert [sync(model, obj).id for obj in found] == [obj.id for obj in found]
    assert len(found) == 1
