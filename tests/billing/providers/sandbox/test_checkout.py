"""The hosted checkout: what comes of paying, and of not being able to."""

from datetime import timedelta
from typing import Any

import pytest
import stripe

from billing.providers.sandbox import checkout, clock
from billing.providers.sandbox.checkout import Payer
from billing.providers.sandbox.errors import CardError, Invalid
from billing.providers.sandbox.models import Record
from tests.billing.providers.sandbox import shop

BOUGHT = [
    "customer.created",
    "payment_method.attached",
    "customer.subscription.created",
    "invoice.created",
    "invoice.finalized",
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "invoice_payment.paid",
    "invoice.paid",
    "invoice.payment_succeeded",
    "customer.subscription.updated",
    "checkout.session.completed",
]


def test_an_open_checkout_has_an_address_and_a_day() -> None:
    session = shop.checkout_session(client_reference_id="ref-1", metadata={"a": "b"})

    assert session.url == f"http://127.0.0.1:8000/sandbox/checkout/{session.id}"
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 6_500)
    assert session.expires_at == session.created + 86_400
    assert session.client_reference_id == "ref-1"


def test_paying_makes_customer_card_subscription_and_a_paid_invoice() -> None:
    session = shop.checkout_session(
        customer_email="ann@acme.test", subscription_data={"metadata": {"checkout": "ref-1"}}
    )
    before = len(shop.events())

    shop.pay(session, email="")

    api = shop.client().v1
    done = api.checkout.sessions.retrieve(session.id)
    subscription = api.subscriptions.retrieve(str(done.subscription))
    invoice = api.invoices.retrieve(str(done.invoice))
    assert shop.events(after=before) == BOUGHT
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    assert done.customer_details is not None
    assert (done.customer_details.email, done.customer_details.name) == ("ann@acme.test", "Ann")
    assert api.customers.retrieve(str(done.customer)).email == "ann@acme.test"
    assert (subscription.status, shop.plain(subscription)["metadata"]) == ("active", {"checkout": "ref-1"})
    assert api.payment_methods.retrieve(str(subscription.default_payment_method)).customer == done.customer
    assert (invoice.status, invoice.amount_paid, invoice.billing_reason) == ("paid", 6_500, "subscription_create")
    assert invoice.parent is not None
    assert invoice.parent.subscription_details is not None
    assert invoice.parent.subscription_details.subscription == subscription.id


def test_a_known_customer_stays_the_same() -> None:
    customer = shop.customer("")
    session = shop.checkout_session(customer=customer.id)

    done = shop.pay(session, email="")

    assert done["customer"] == customer.id
    assert done["customer_details"]["email"] == "ann@acme.test"
    assert "customer.created" not in shop.events()[-len(BOUGHT) + 1 :]


def test_paying_twice_charges_once() -> None:
    session = shop.checkout_session()

    assert shop.pay(session) == shop.pay(session)
    assert shop.events().count("charge.succeeded") == 1


@pytest.mark.parametrize(
    ("number", "message", "decline_code"),
    [
        (shop.DECLINED, "Your card was declined.", "generic_decline"),
        (shop.NO_FUNDS, "Your card has insufficient funds.", "insufficient_funds"),
        ("4000000000000069", "Your card has expired.", "expired_card"),
        ("4000000000000341", "Your card was declined.", "generic_decline"),
        ("4111111111111111", "takes only the test cards", "test_mode_live_card"),
    ],
)
def test_a_declined_card_leaves_the_checkout_open_and_makes_no_subscription(
    number: str, message: str, decline_code: str
) -> None:
    session = shop.checkout_session()
    before = len(shop.events())

    with pytest.raises(CardError, match=message):
        shop.pay(session, number)

    assert shop.client().v1.checkout.sessions.retrieve(session.id).status == "open"
    assert shop.events(after=before) == ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]
    assert not Record.objects.filter(kind__in=["customer", "subscription", "invoice"]).exists()
    (intent,) = shop.client().v1.payment_intents.list().data
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.decline_code == decline_code


def test_another_card_may_follow() -> None:
    session = shop.checkout_session()
    with pytest.raises(CardError):
        shop.pay(session, shop.DECLINED)

    assert shop.pay(session)["status"] == "complete"


def test_a_single_payment_keeps_its_intent_from_try_to_try() -> None:
    session = shop.checkout_session(
        shop.price(900, interval=None), payment_intent_data={"metadata": {"a": "b"}, "description": "Once"}
    )
    with pytest.raises(CardError):
        shop.pay(session, shop.DECLINED)
    failed = shop.client().v1.checkout.sessions.retrieve(session.id).payment_intent

    done = shop.pay(session)

    intent = shop.client().v1.payment_intents.retrieve(done["payment_intent"])
    assert (done["payment_intent"], done["customer"], done["subscription"]) == (failed, None, None)
    assert (intent.status, intent.amount_received, intent.description) == ("succeeded", 900, "Once")
    assert [charge.status for charge in shop.client().v1.charges.list({"payment_intent": intent.id}).data] == [
        "succeeded",
        "failed",
    ]


def test_a_single_payment_makes_a_customer_where_that_is_asked_for() -> None:
    done = shop.pay(shop.checkout_session(shop.price(900, interval=None), customer_creation="always"))

    assert shop.client().v1.customers.retrieve(done["customer"]).email == "ann@acme.test"


def test_what_costs_nothing_needs_no_money() -> None:
    done = shop.pay(shop.checkout_session(shop.price(0)))

    subscription = shop.client().v1.subscriptions.retrieve(done["subscription"])
    assert (done["payment_status"], subscription.status) == ("no_payment_required", "active")
    assert shop.invoices(subscription.id)[0].status == "paid"
    assert "charge.succeeded" not in shop.events()


def test_an_address_is_needed() -> None:
    with pytest.raises(Invalid, match="email"):
        checkout.pay(shop.checkout_session().id)


def test_an_expired_checkout_takes_no_card() -> None:
    by_hand, by_time = shop.checkout_session(), shop.checkout_session()
    shop.client().v1.checkout.sessions.expire(by_hand.id)
    clock.advance(by=timedelta(days=2))

    for session in (by_hand, by_time):
        with pytest.raises(Invalid, match="expired"):
            checkout.pay(session.id, Payer(email="a@b.test"))
    with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
        shop.client().v1.checkout.sessions.expire(by_hand.id)
    assert shop.events().count("checkout.session.expired") == 2


def test_an_expired_checkout_takes_no_card_although_nobody_noticed_yet() -> None:
    session = shop.checkout_session()
    Record.objects.filter(object_id=session.id).update(data={**_stored(session.id), "expires_at": session.created})

    with pytest.raises(Invalid, match="expired"):
        shop.pay(session)


def _stored(session_id: str) -> dict[str, Any]:
    data: dict[str, Any] = Record.objects.get(object_id=session_id).data
    return data


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"mode": "setup"}, "line_items"),
        ({"mode": "donation"}, "mode"),
        ({"invoice_creation": {"enabled": True}}, "invoice_creation"),
        ({"mode": "payment"}, "line_items[0][price]"),
        ({"customer": "cus_none"}, "customer"),
        ({"customer": "cus_none", "customer_email": "a@b.test"}, "customer"),
        ({"payment_intent_data": {"description": "x"}}, "payment_intent_data"),
        ({"allow_promotion_codes": True, "discounts": [{"coupon": "TEN"}]}, "discounts"),
        ({"discounts": [{"coupon": "NONE"}]}, "discounts[0][coupon]"),
        ({"discounts": [{"promotion_code": "promo_none"}]}, "discounts[0][promotion_code]"),
        ({"line_items": [{"price": "price_none", "quantity": 1}]}, "line_items[0][price]"),
        ({"line_items": []}, "line_items"),
        ({"expires_at": 1}, "expires_at"),
        ({"success_url": "/thanks"}, "success_url"),
        ({"ui_mode": "embedded_page"}, "ui_mode"),
        ({"subscription_data": {"trial_period_days": 0}}, "subscription_data[trial_period_days]"),
    ],
)
def test_a_checkout_that_cannot_be(params: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.checkout_session(**params)

    assert refused.value.param == param


def test_a_checkout_sells_active_prices_of_one_currency() -> None:
    api = shop.client().v1
    dollars, euros = shop.price(), shop.price(currency="eur")
    with pytest.raises(stripe.InvalidRequestError, match="same currency"):
        shop.checkout_session(line_items=[{"price": dollars.id, "quantity": 1}, {"price": euros.id, "quantity": 1}])

    api.prices.update(dollars.id, {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        shop.checkout_session(dollars)


def test_checkouts_are_found() -> None:
    done = shop.pay(shop.checkout_session())
    waiting = shop.checkout_session()
    api = shop.client().v1

    assert [session.id for session in api.checkout.sessions.list({"subscription": done["subscription"]}).data] == [
        done["id"]
    ]
    assert [session.id for session in api.checkout.sessions.list({"status": "open"}).data] == [waiting.id]
    (line,) = api.checkout.sessions.line_items.list(waiting.id).data
    assert (line.description, line.quantity, line.amount_total) == ("Pages Team", 1, 6_500)
