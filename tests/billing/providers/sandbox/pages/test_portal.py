"""The customer's own page, as their browser sees it."""

from datetime import timedelta

import pytest
import stripe
from django.test import Client

from billing.providers.sandbox import clock
from tests.billing.providers.sandbox import shop

AMEX = {"act": "add_card", "number": "3782 822463 10005", "expiry": "12 / 34", "cvc": "1234", "name": ""}


def opened(customer_id: str) -> str:
    session = shop.client().v1.billing_portal.sessions.create(
        {"customer": customer_id, "return_url": "https://shop.test/billing"}
    )
    return session.url


@pytest.fixture
def subscription() -> stripe.Subscription:
    return shop.subscription()


@pytest.fixture
def path(subscription: stripe.Subscription) -> str:
    return "/sandbox/portal/" + opened(str(subscription.customer)).rpartition("/")[2]


def test_it_shows_what_there_is(path: str) -> None:
    page = Client().get(path).content.decode()

    for text in ("Pages Team", "active", "Visa", "4242", "charged", "$65.00", "paid", "https://shop.test/billing"):
        assert text in page
    assert "<script" not in page


def test_a_subscription_is_cancelled_and_taken_back(path: str, subscription: stripe.Subscription) -> None:
    Client().post(path, {"act": "cancel", "id": subscription.id})
    ending = shop.client().v1.subscriptions.retrieve(subscription.id)
    page = Client().get(path).content.decode()
    Client().post(path, {"act": "resume", "id": subscription.id})

    assert ending.cancel_at_period_end
    assert "Do not cancel" in page
    assert not shop.client().v1.subscriptions.retrieve(subscription.id).cancel_at_period_end


def test_another_card_is_charged_and_the_old_one_goes(path: str, subscription: stripe.Subscription) -> None:
    api, customer = shop.client().v1, str(subscription.customer)
    old = api.customers.retrieve(customer).invoice_settings.default_payment_method  # type: ignore[union-attr]

    Client().post(path, AMEX)
    methods = {
        method.card.brand: method.id for method in api.customers.payment_methods.list(customer).data if method.card
    }
    Client().post(path, {"act": "default", "id": str(old)})
    Client().post(path, {"act": "remove", "id": methods["amex"]})

    assert set(methods) == {"visa", "amex"}
    assert [method.id for method in api.customers.payment_methods.list(customer).data] == [old]


@pytest.mark.parametrize("number", ["4000 0000 0000 0002", "4111 1111 1111 1111"])
def test_a_card_that_is_refused_changes_nothing(path: str, subscription: stripe.Subscription, number: str) -> None:
    Client().post(path, {**AMEX, "number": number, "cvc": "123"})

    assert len(shop.client().v1.customers.payment_methods.list(str(subscription.customer)).data) == 1


def test_a_mistyped_card_is_explained(path: str) -> None:
    answer = Client().post(path, {**AMEX, "number": "1"})

    assert answer.status_code == 400
    assert "card number is incomplete" in answer.content.decode()


def test_what_belongs_to_somebody_else_is_not_there(path: str) -> None:
    stranger = shop.subscription(shop.price(), shop.customer())

    assert Client().post(path, {"act": "cancel", "id": stranger.id}).status_code == 404
    assert Client().post(path, {"act": "explode"}).status_code == 404
    assert Client().get("/sandbox/portal/bps_none").status_code == 404
    assert not shop.client().v1.subscriptions.retrieve(stranger.id).cancel_at_period_end


def test_it_lives_an_hour(path: str, subscription: stripe.Subscription) -> None:
    clock.advance(by=timedelta(hours=1, seconds=1))

    assert Client().get(path).status_code == 410
    assert Client().post(path, {"act": "cancel", "id": subscription.id}).status_code == 410
    assert not shop.client().v1.subscriptions.retrieve(subscription.id).cancel_at_period_end
