"""Customers, prices, checkouts and subscriptions, as every provider must have them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from djstripe.models import Session

from billing.providers.protocol import CheckoutSpec, ProviderError
from billing.providers.stripe.normalize import plain
from tests.billing.providers.contract.side import PRO, Side


# --- Customers ------------------------------------------------------------------------------------------------------
def test_a_customer_is_made_once_for_a_key(side: Side) -> None:
    first, again = (
        side.provider.ensure_customer(
            organization_id="o1", name="Bakery", email="b@bakery.test", key=side.key("customer")
        )
        for _ in range(2)
    )

    assert again == first
    customer = side.api.customers.retrieve(first)
    assert (customer.name, customer.email) == ("Bakery", "b@bakery.test")
    assert plain(customer)["metadata"] == {"organization": "o1"}


def test_another_key_is_another_customer(side: Side) -> None:
    first, second = (
        side.provider.ensure_customer(organization_id="o1", name="Bakery", email="b@bakery.test", key=side.key(name))
        for name in ("first", "second")
    )

    assert first != second


# --- Prices ---------------------------------------------------------------------------------------------------------
def test_prices_are_created_with_their_product_and_then_known(side: Side) -> None:
    first = side.provider.ensure_prices([PRO])

    assert side.provider.ensure_prices([PRO]) == first
    price = side.api.prices.retrieve(first[PRO.lookup_key], {"expand": ["product"]})
    assert price.recurring is not None
    assert (price.unit_amount, price.currency, price.recurring.interval) == (12_900, "usd", "month")
    assert (price.lookup_key, price.product.id) == (PRO.lookup_key, PRO.product_code)  # type: ignore[union-attr]


def test_two_prices_may_share_a_product(side: Side) -> None:
    yearly = replace(PRO, lookup_key="contract-pro-year", amount_minor=129_000, interval="year")

    found = side.provider.ensure_prices([PRO, yearly])

    assert set(found) == {"contract-pro-month", "contract-pro-year"}
    assert {side.api.prices.retrieve(price).product for price in found.values()} == {PRO.product_code}


def test_more_prices_than_stripe_looks_up_at_a_time(side: Side) -> None:
    many = [replace(PRO, lookup_key=f"contract-key-{number}") for number in range(12)]

    first = side.provider.ensure_prices(many)

    assert side.provider.ensure_prices(many) == first
    assert len(set(first.values())) == 12


@pytest.mark.parametrize(
    "change", [{"amount_minor": 1}, {"currency": "eur"}, {"interval": "year"}], ids=["amount", "currency", "interval"]
)
def test_another_price_under_our_name_is_not_sold_as_ours(side: Side, change: dict[str, Any]) -> None:
    side.provider.ensure_prices([PRO])

    with pytest.raises(ProviderError, match="another price under 'contract-pro-month'"):
        side.provider.ensure_prices([replace(PRO, **change)])


# --- Checkout -------------------------------------------------------------------------------------------------------
def spec(side: Side, *, customer_id: str = "", email: str = "") -> CheckoutSpec:
    return CheckoutSpec(
        reference="c1",
        price_id=side.price(),
        customer_id=customer_id,
        email=email,
        success_url="https://shop.test/done?session={CHECKOUT_SESSION_ID}",
        cancel_url="https://shop.test/back",
        metadata={"source": "portal"},
    )


def test_a_checkout_is_opened_once_and_names_us(side: Side) -> None:
    customer = side.customer()

    fact = side.provider.open_checkout(spec(side, customer_id=customer), key=side.key("checkout"))

    assert (fact.status, fact.payment_status, fact.reference, fact.customer_id) == ("open", "unpaid", "c1", customer)
    assert fact.url.startswith("http")
    assert fact.subscription_id == ""
    assert side.provider.open_checkout(spec(side, customer_id=customer), key=side.key("checkout")) == fact
    session = side.api.checkout.sessions.retrieve(fact.id)
    assert plain(session)["metadata"] == {"source": "portal", "checkout": "c1"}


def test_an_open_checkout_is_all_there_is(side: Side) -> None:
    fact = side.provider.open_checkout(spec(side, customer_id=side.customer()), key=side.key("checkout"))

    snapshot = side.provider.snapshot("checkout.session.expired", fact.id)

    assert snapshot is not None
    assert (snapshot.checkout, snapshot.subscription, snapshot.invoices) == (fact, None, ())
    # The account is told to whoever may read it; the card is there before anything was bought with it.
    found = [raw["object"] for raw in snapshot.raw if raw["object"] != "account"]
    assert found == ["payment_method", "customer", "checkout.session"]
    side.provider.mirror(snapshot)
    assert Session.objects.get().stripe_data["id"] == fact.id


def test_a_checkout_is_closed_once(side: Side) -> None:
    fact = side.provider.open_checkout(spec(side), key=side.key("checkout"))

    assert side.provider.close_checkout(fact.id, key=side.key("close")).status == "expired"
    assert side.provider.close_checkout(fact.id, key=side.key("close")).status == "expired"


def test_a_guests_address_is_filled_in_or_asked_for(side: Side) -> None:
    known = side.provider.open_checkout(spec(side, email="ann@buyer.test"), key=side.key("known"))
    asked = side.provider.open_checkout(spec(side), key=side.key("asked"))

    assert (known.email, asked.email) == ("ann@buyer.test", "")


# --- Subscriptions --------------------------------------------------------------------------------------------------
def test_a_subscription_is_read_with_its_period_and_its_paid_invoice(side: Side) -> None:
    customer = side.customer()

    fact = side.subscribed(customer)

    assert (fact.customer_id, fact.status, fact.price_id, fact.quantity) == (customer, "active", side.price(), 1)
    assert timedelta(days=28) <= fact.period_end - fact.period_start <= timedelta(days=31)
    assert (fact.cancel_at_period_end, fact.canceled_at, fact.ended_at) == (False, None, None)
    assert fact.metadata == {"reference": side.run}
    (invoice,) = side.provider.invoices_of(fact.id)
    assert (invoice.status, invoice.billing_reason, invoice.paid_minor) == ("paid", "subscription_create", 12_900)
    (line,) = invoice.lines
    assert (line.amount_minor, line.price_id) == (12_900, fact.price_id)


def test_whichever_object_is_named_the_whole_purchase_is_read(side: Side) -> None:
    fact = side.subscribed(side.customer())
    (invoice,) = side.provider.invoices_of(fact.id)

    by_subscription = side.provider.snapshot("customer.subscription.updated", fact.id)
    by_invoice = side.provider.snapshot("invoice.paid", invoice.id)

    assert by_subscription is not None
    assert by_invoice is not None
    assert (by_subscription.checkout, by_subscription.subscription) == (None, fact)
    assert [found.id for found in by_subscription.invoices] == [invoice.id]
    assert by_invoice.digest == by_subscription.digest


def test_a_subscription_that_will_end_says_when_it_was_told_to_and_then_that_it_ended(side: Side) -> None:
    fact = side.subscribed(side.customer())
    side.api.subscriptions.update(fact.id, {"cancel_at_period_end": True})

    ending = side.provider.snapshot("customer.subscription.updated", fact.id)
    side.advance(fact.period_end + timedelta(minutes=1))
    ended = side.provider.snapshot("customer.subscription.deleted", fact.id)

    assert ending is not None
    assert ending.subscription is not None
    assert (ending.subscription.status, ending.subscription.cancel_at_period_end) == ("active", True)
    assert ending.subscription.canceled_at is not None
    assert ended is not None
    assert ended.subscription is not None
    assert ended.subscription.status == "canceled"
    assert ended.subscription.ended_at is not None
