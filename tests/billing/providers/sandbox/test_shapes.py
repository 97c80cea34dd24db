"""Every object that the sandbox shows has the fields, the types and the words that the pinned library declares."""

from datetime import timedelta

import pytest

from billing.providers.sandbox import books, clock, wire
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
