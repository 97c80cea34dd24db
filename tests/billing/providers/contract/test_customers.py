"""How customers pay, coupons, single purchases, setups and events, as every provider must have them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from billing.providers.protocol import (
    CardDeclined,
    CheckoutSpec,
    CouponSpec,
    PriceSpec,
    ProviderError,
    SetupSpec,
)
from platform_core.clock import wall
from tests.billing.providers.contract.side import Side

ONCE = PriceSpec("contract-once", "contract-setup", "Contract Setup", "usd", 4_900, "")


# --- Payment methods -------------------------------------------------------------------------------------------------
def test_a_card_is_saved_made_the_default_and_forgotten(side: Side) -> None:
    customer = side.customer()
    (old,) = side.provider.payment_methods_of(customer)

    new = side.provider.attach_payment_method("pm_card_mastercard", customer, key=side.key("attach"))
    fact = side.provider.set_default_payment_method(customer, new.id, key=side.key("default"))

    assert (old.is_default, old.brand, old.last4) == (True, "visa", "4242")
    assert (new.kind, new.brand, new.last4, new.is_default, new.customer_id) == (
        "card",
        "mastercard",
        "4444",
        False,
        customer,
    )
    assert fact.default_payment_method_id == new.id
    assert {(each.id, each.is_default) for each in side.provider.payment_methods_of(customer)} == {
        (old.id, False),
        (new.id, True),
    }
    assert side.provider.detach_payment_method(old.id, key=side.key("detach")).customer_id == ""
    assert side.provider.detach_payment_method(old.id, key=side.key("again")).customer_id == ""
    assert [each.id for each in side.provider.payment_methods_of(customer)] == [new.id]


def test_a_running_subscription_is_charged_to_the_new_default(side: Side) -> None:
    customer = side.customer()
    (old,) = side.provider.payment_methods_of(customer)
    fact = side.subscribed(customer)
    side.api.subscriptions.update(fact.id, {"default_payment_method": old.id})
    new = side.provider.attach_payment_method("pm_card_mastercard", customer, key=side.key("attach"))

    side.provider.set_default_payment_method(customer, new.id, key=side.key("default"))

    assert side.api.subscriptions.retrieve(fact.id).default_payment_method == new.id


def test_a_card_that_declines_is_not_saved(side: Side) -> None:
    customer = side.customer()

    with pytest.raises(CardDeclined, match="declined"):
        side.provider.attach_payment_method("pm_card_visa_chargeDeclined", customer, key=side.key("attach"))

    assert len(side.provider.payment_methods_of(customer)) == 1


def test_the_portal_is_an_address(side: Side) -> None:
    assert side.provider.open_portal(side.customer(), "https://shop.test/billing").startswith("http")


# --- Checkouts -------------------------------------------------------------------------------------------------------
def purchase(side: Side) -> CheckoutSpec:
    return CheckoutSpec(
        reference="c1",
        price_id=side.provider.ensure_prices([ONCE])[ONCE.lookup_key],
        customer_id="",
        email="ann@buyer.test",
        success_url="https://shop.test/done",
        cancel_url="https://shop.test/back",
        metadata={},
        quantity=2,
        mode="payment",
    )


def test_a_single_purchase_is_opened_once(side: Side) -> None:
    fact = side.provider.open_checkout(purchase(side), key=side.key("buy"))

    assert side.provider.open_checkout(purchase(side), key=side.key("buy")) == fact
    assert (fact.mode, fact.status, fact.payment_status) == ("payment", "open", "unpaid")
    assert (fact.currency, fact.subtotal_minor, fact.total_minor, fact.reference) == ("usd", 9_800, 9_800, "c1")


def test_a_coupon_lowers_what_is_asked(side: Side) -> None:
    spec = CouponSpec(f"T{side.run}", "A tenth", percent_basis_points=1_000, duration="forever")

    coupon = side.provider.ensure_coupon(spec, key=side.key("coupon"))
    fact = side.provider.open_checkout(replace(purchase(side), coupon_id=coupon), key=side.key("buy"))

    assert side.provider.ensure_coupon(spec, key=side.key("coupon")) == coupon
    assert (fact.subtotal_minor, fact.discount_minor, fact.total_minor) == (9_800, 980, 8_820)


def test_another_coupon_under_our_code_is_not_given_as_ours(side: Side) -> None:
    spec = CouponSpec(f"T{side.run}", "A tenth", percent_basis_points=1_000)
    side.provider.ensure_coupon(spec, key=side.key("coupon"))

    with pytest.raises(ProviderError, match="another coupon"):
        side.provider.ensure_coupon(replace(spec, percent_basis_points=2_000), key=side.key("other"))


def test_a_trial_asks_for_nothing_today(side: Side) -> None:
    spec = replace(purchase(side), price_id=side.price(), mode="subscription", trial_days=14, quantity=1)

    fact = side.provider.open_checkout(spec, key=side.key("trial"))

    assert (fact.mode, fact.total_minor) == ("subscription", 0)


def test_a_setup_charges_nothing(side: Side) -> None:
    customer = side.customer()
    spec = SetupSpec("c1", customer, "usd", "https://shop.test/done", "https://shop.test/back")

    fact = side.provider.open_setup(spec, key=side.key("setup"))

    assert (fact.mode, fact.status, fact.customer_id, fact.reference) == ("setup", "open", customer, "c1")
    assert side.provider.open_setup(spec, key=side.key("setup")) == fact


# --- Events and books ------------------------------------------------------------------------------------------------
def test_events_are_told_oldest_first_from_a_moment_or_an_event_on(side: Side) -> None:
    begun = wall() - timedelta(seconds=2)
    fact = side.subscribed(side.customer())

    def told() -> list[str]:
        return [event.kind for event in side.provider.events_since(begun) if event.object_id == fact.id]

    side.eventually(lambda: "customer.subscription.created" in told())
    events = list(side.provider.events_since(begun))
    middle = events[len(events) // 2]
    rest = list(side.provider.events_since(begun, after=middle.id))

    assert [event.occurred_at for event in events] == sorted(event.occurred_at for event in events)
    assert middle.id not in {event.id for event in rest}
    assert {event.id for event in events[len(events) // 2 + 1 :]} <= {event.id for event in rest}


def test_the_providers_books_can_be_read_whole(side: Side) -> None:
    begun = wall() - timedelta(seconds=2)
    fact = side.subscribed(side.customer())
    (invoice,) = side.provider.invoices_of(fact.id)

    assert fact.id in {each.id for each in side.provider.subscriptions()}
    assert invoice.id in {each.id for each in side.provider.invoices(begun)}
    (payment,) = [each for each in side.provider.payments(begun) if each.customer_id == fact.customer_id]
    assert (payment.invoice_id, payment.amount_minor) == (invoice.id, 12_900)
    assert list(side.provider.refunds(begun)) == list(side.provider.refunds(begun))
    assert [each for each in side.provider.disputes(begun) if each.payment_id == payment.id] == []
