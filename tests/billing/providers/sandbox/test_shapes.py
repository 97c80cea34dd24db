"""Every object that the sandbox shows has the fields, the types and the words that the pinned library declares."""

from datetime import timedelta
from typing import Any

import pytest

from billing.providers.sandbox import books, checkout, clock, wire
from billing.providers.sandbox.checkout import Payer
from billing.providers.sandbox.errors import CardError
from billing.providers.sandbox.models import Record
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes.account import account
from tests import kept
from tests.billing.providers.sandbox import shop
from tests.billing.providers.sandbox.conformance import CLASSES, complaints


def _an_eventful_life() -> None:
    """Something of every kind, in every state that changes its fields."""
    api = shop.client().v1
    price = shop.price(lookup_key="team", nickname="Team")
    session = shop.checkout_session(price, subscription_data={"metadata": {"plan": "team"}, "description": "Team"})
    with pytest.raises(CardError):
        shop.pay(session, shop.DECLINED)
    bought = shop.pay(session)
    shop.pay(shop.checkout_session(shop.price(900, interval=None), customer_creation="always"))
    shop.checkout_session(price)
    api.invoice_items.create({"customer": bought["customer"], "amount": 500, "currency": "usd"})
    api.subscriptions.update(
        bought["subscription"],
        {"items": [{"id": shop.item(api.subscriptions.retrieve(bought["subscription"])).id, "quantity": 3}]},
    )
    api.webhook_endpoints.create({"url": "https://hooks.test/stripe", "enabled_events": ["*"]})
    declining = shop.customer()
    shop.subscription(price, declining, cancel_at_period_end=False)
    shop.replace_card(declining.id, "chargeCustomerFail")
    ending = shop.subscription(price, cancel_at_period_end=True)
    clock.advance(by=timedelta(days=33))
    api.invoices.create({"customer": str(ending.customer), "description": "By hand"})
    _money_that_comes_and_goes()
    _what_is_sold_otherwise()


def _money_that_comes_and_goes() -> None:
    api = shop.client().v1
    once = shop.price(5_000, interval=None)
    disputed = shop.pay(shop.checkout_session(once, customer_creation="always"), shop.DISPUTED)
    won = api.disputes.list({"payment_intent": disputed["payment_intent"]}).data[0]
    api.disputes.update(won.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    refunded = shop.pay(shop.checkout_session(once, customer_creation="always"), shop.REFUND_FAILS)
    api.refunds.create({"payment_intent": refunded["payment_intent"], "amount": 1_000})
    debited = shop.checkout_session(once, payment_method_types=["card", "us_bank_account"])
    checkout.pay(debited.id, Payer(email="ann@acme.test", account="000123456789"))
    asked = shop.checkout_session(once)
    shop.pay(asked, shop.CONFIRMS)
    invoice = shop.invoices(shop.subscription(shop.price(), shop.customer()).id)[0]
    api.credit_notes.create({"invoice": str(invoice.id), "amount": 900, "refund_amount": 500, "credit_amount": 400})
    saved = api.checkout.sessions.create(
        {"mode": "setup", "currency": "usd", "customer": shop.customer().id, "success_url": shop.SUCCESS_URL}
    )
    shop.pay(saved)
    api.billing_portal.sessions.create({"customer": shop.customer().id, "return_url": "https://shop.test/"})
    clock.advance(by=timedelta(days=5))


def _what_is_sold_otherwise() -> None:
    api = shop.client().v1
    api.coupons.create({"id": "TEN", "percent_off": 10, "duration": "forever", "name": "Ten"})
    api.promotion_codes.create({"code": "TEN", "promotion": {"type": "coupon", "coupon": "TEN"}})
    tax = api.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
    tiers: Any = [
        {"up_to": 5, "unit_amount": 100, "flat_amount": 300},
        {"up_to": "inf", "unit_amount_decimal": "12.5"},
    ]
    shop.price(unit_amount=None, billing_scheme="tiered", tiers_mode="graduated", tiers=tiers)
    packages = shop.price(transform_quantity={"divide_by": 10, "round": "up"})
    sold = shop.subscription(
        packages, shop.customer(), discounts=[{"coupon": "TEN"}], default_tax_rates=[tax.id], trial_period_days=4
    )
    scheduled = shop.subscription(shop.price(), shop.customer())
    api.subscription_schedules.create({"from_subscription": scheduled.id})
    clock.advance(by=timedelta(days=5))
    api.subscriptions.update(sold.id, {"items": [{"price": packages.id, "quantity": 25}]})


def _shown() -> list[Json]:
    with books.reading() as account_books:
        return [wire.present(account_books, record.data) for record in Record.objects.order_by("sequence")]


def test_every_object_is_as_the_library_declares_it() -> None:
    kept.situation("an eventful life", _an_eventful_life)

    shown = [account(), *_shown()]

    assert {obj["object"] for obj in shown} == CLASSES.keys() - {"item", "plan"}
    assert [problem for obj in shown for problem in complaints(obj, CLASSES[obj["object"]], obj["object"])] == []


def test_the_objects_within_events_are_as_the_library_declares_them() -> None:
    kept.situation("an eventful life", _an_eventful_life)

    told = [obj["data"]["object"] for obj in _shown() if obj["object"] == "event"]

    assert len(told) > 60
    assert [problem for obj in told for problem in complaints(obj, CLASSES[obj["object"]], obj["object"])] == []


def test_what_expand_brings_is_as_the_library_declares_it() -> None:
    kept.situation("an eventful life", _an_eventful_life)
    with books.reading() as account_books:
        for kind, field in wire.INCLUDED:
            if kind in ("", "item"):
                continue
            for obj in account_books.all(kind):
                shown = wire.expand(account_books, wire.present(account_books, obj), [field])
                assert complaints(shown, CLASSES[kind], kind) == []


def test_a_wrong_shape_is_noticed() -> None:
    kept.situation("an eventful life", _an_eventful_life)
    invoice = next(obj for obj in _shown() if obj["object"] == "invoice")

    wrong = {**invoice, "paid": True, "status": "settled", "total": "6500", "lines": {"data": [{}]}}
    del wrong["created"]

    assert sorted(complaints(wrong, CLASSES["invoice"], "invoice"))[:2] == [
        "invoice.created: missing",
        "invoice.lines.data[0].amount: missing",
    ]
    assert {"invoice.paid: not declared", "invoice.total: '6500' is not int"} <= set(
        complaints(wrong, CLASSES["invoice"], "invoice")
    )
