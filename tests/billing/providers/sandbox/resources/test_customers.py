"""Customers and their cards."""

from typing import Any

import pytest
import stripe

from tests.billing.providers.sandbox import shop


class TestCustomers:
    def test_change_and_are_found_by_email(self) -> None:
        api = shop.client().v1
        made = shop.customer("")
        shop.client().v1.customers.create({"email": "bea@acme.test"})

        api.customers.update(
            made.id, {"name": "Anna", "address": {"city": "Dublin", "country": "IE"}, "phone": "", "balance": -500}
        )

        (found,) = api.customers.list({"email": "ann@acme.test"}).data
        assert (found.id, found.name, found.phone, found.balance) == (made.id, "Anna", None, -500)
        assert found.address is not None
        assert (found.address.city, found.address.line1) == ("Dublin", None)

    def test_leave_with_their_subscriptions(self) -> None:
        api = shop.client().v1
        customer = shop.customer()
        subscription = shop.subscription(to=customer)
        over = shop.subscription(to=customer)
        api.subscriptions.cancel(over.id)

        assert api.customers.delete(customer.id).deleted is True

        assert api.subscriptions.retrieve(subscription.id).status == "canceled"
        assert api.customers.retrieve(customer.id).deleted is True
        assert api.customers.list().data == []
        assert shop.events()[-2:] == ["customer.subscription.deleted", "customer.deleted"]
        with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
            api.invoices.create({"customer": customer.id})


class TestPaymentMethods:
    def test_a_ready_made_card_is_saved(self) -> None:
        api = shop.client().v1
        customer = shop.customer("")

        saved = api.payment_methods.attach("pm_card_mastercard", {"customer": customer.id})

        assert saved.card is not None
        assert (saved.card.brand, saved.card.last4, saved.customer) == ("mastercard", "4444", customer.id)
        assert [found.id for found in api.payment_methods.list({"customer": customer.id}).data] == [saved.id]
        assert [found.id for found in api.customers.payment_methods.list(customer.id).data] == [saved.id]
        assert api.customers.payment_methods.retrieve(customer.id, saved.id).id == saved.id
        assert [found.id for found in api.payment_methods.list({"type": "card"}).data] == [saved.id]

    def test_a_card_of_a_token_is_saved_once(self) -> None:
        api = shop.client().v1
        ann, bea = shop.customer(""), shop.customer("")
        made = api.payment_methods.create(
            {"type": "card", "card": {"token": "tok_visa"}, "billing_details": {"name": "Ann"}}
        )

        first = api.payment_methods.attach(made.id, {"customer": ann.id})
        again = api.payment_methods.attach(made.id, {"customer": ann.id})

        assert (first.id, again.customer) == (made.id, ann.id)
        with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
            api.payment_methods.attach(made.id, {"customer": bea.id})
        with pytest.raises(stripe.InvalidRequestError, match="No such payment method"):
            api.customers.payment_methods.retrieve(bea.id, made.id)

    @pytest.mark.parametrize("card", ["visa_chargeDeclined", "visa_chargeDeclinedInsufficientFunds"])
    def test_a_card_that_the_bank_refuses_is_not_saved(self, card: str) -> None:
        api = shop.client().v1
        customer = shop.customer("")

        with pytest.raises(stripe.CardError) as refused:
            api.payment_methods.attach(f"pm_card_{card}", {"customer": customer.id})

        assert (refused.value.http_status, refused.value.code) == (402, "card_declined")
        assert api.payment_methods.list({"customer": customer.id}).data == []

    def test_raw_numbers_and_unknown_tokens_are_not_taken(self) -> None:
        api = shop.client().v1
        raw: Any = {"type": "card", "card": {"token": "tok_visa", "number": "4242424242424242"}}

        with pytest.raises(stripe.InvalidRequestError, match=r"unknown parameter: card\[number\]"):
            api.payment_methods.create(raw)
        with pytest.raises(stripe.InvalidRequestError, match="No such token"):
            api.payment_methods.create({"type": "card", "card": {"token": "tok_none"}})

    def test_a_card_that_is_forgotten_is_nobodys_default(self) -> None:
        api = shop.client().v1
        customer = shop.customer()
        chosen = str(shop.plain(customer)["invoice_settings"]["default_payment_method"])
        subscription = shop.subscription(to=customer, default_payment_method=chosen)
        other = shop.subscription(to=customer)

        assert api.payment_methods.detach(chosen).customer is None

        assert api.subscriptions.retrieve(subscription.id).default_payment_method is None
        assert api.subscriptions.retrieve(other.id).default_payment_method is None
        settings = shop.plain(api.customers.retrieve(customer.id))["invoice_settings"]
        assert settings["default_payment_method"] is None
        with pytest.raises(stripe.InvalidRequestError, match="not attached"):
            api.payment_methods.detach(chosen)

    def test_a_card_of_a_subscription_only(self) -> None:
        done = shop.pay(shop.checkout_session())
        card = str(shop.client().v1.subscriptions.retrieve(done["subscription"]).default_payment_method)

        shop.client().v1.payment_methods.detach(card)

        assert shop.events()[-2:] == ["customer.subscription.updated", "payment_method.detached"]

    def test_only_ones_own_card_can_be_a_default(self) -> None:
        api = shop.client().v1
        ann, bea = shop.customer(), shop.customer("")
        anns = str(shop.plain(ann)["invoice_settings"]["default_payment_method"])

        with pytest.raises(stripe.InvalidRequestError, match="does not have a payment method") as refused:
            api.customers.update(bea.id, {"invoice_settings": {"default_payment_method": anns}})
        assert refused.value.param == "invoice_settings[default_payment_method]"
        with pytest.raises(stripe.InvalidRequestError, match="does not have a payment method"):
            shop.subscription(to=bea, default_payment_method=anns)
