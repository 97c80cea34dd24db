"""Stripe's shapes, those of the pinned API version and those of before, come out the same."""

from datetime import UTC, datetime
from typing import Any

import pytest

from billing.providers.protocol import InvoiceLineFact
from billing.providers.stripe.normalize import (
    dig,
    normalize_checkout,
    normalize_invoice,
    normalize_subscription,
    payment_error,
    subscription_of,
)

MARCH, APRIL = 1_772_323_200, 1_775_001_600


def subscription(**changes: Any) -> dict[str, Any]:
    item = {"price": {"id": "price_1"}, "quantity": 2, "current_period_start": MARCH, "current_period_end": APRIL}
    return {
        "id": "sub_1",
        "customer": "cus_1",
        "status": "active",
        "items": {"data": [item]},
        "cancel_at_period_end": False,
        "canceled_at": None,
        "ended_at": None,
        "metadata": {"checkout": "c1"},
    } | changes


def invoice(**changes: Any) -> dict[str, Any]:
    line = {
        "id": "il_1",
        "description": "1 x Pro",
        "amount": 12_900,
        "quantity": 1,
        "period": {"start": MARCH, "end": APRIL},
        "pricing": {"price_details": {"price": "price_1"}},
        "metadata": {"kind": "overage"},
    }
    return {
        "id": "in_1",
        "number": "A-1",
        "status": "paid",
        "billing_reason": "subscription_cycle",
        "customer": {"id": "cus_1"},
        "parent": {"subscription_details": {"subscription": "sub_1"}},
        "currency": "usd",
        "subtotal": 12_900,
        "total_taxes": [{"amount": 1_000}, {"amount": 290}],
        "total": 14_190,
        "amount_paid": 14_190,
        "period_start": MARCH,
        "period_end": APRIL,
        "created": MARCH,
        "status_transitions": {"finalized_at": MARCH + 3600, "paid_at": MARCH + 3601},
        "lines": {"data": [line]},
    } | changes


def test_a_subscription_has_the_period_of_its_item() -> None:
    fact = normalize_subscription(subscription())

    assert (fact.id, fact.customer_id, fact.status, fact.price_id, fact.quantity) == (
        "sub_1",
        "cus_1",
        "active",
        "price_1",
        2,
    )
    assert fact.period_start == datetime(2026, 3, 1, tzinfo=UTC)
    assert fact.period_end == datetime(2026, 4, 1, tzinfo=UTC)
    assert (fact.cancel_at_period_end, fact.canceled_at, fact.ended_at) == (False, None, None)
    assert fact.metadata == {"checkout": "c1"}


def test_an_older_subscription_has_the_period_on_top() -> None:
    raw = subscription(items={"data": [{"price": "price_1"}]}, current_period_start=MARCH, current_period_end=APRIL)

    fact = normalize_subscription(raw)

    assert (fact.period_start, fact.period_end) == (
        datetime(2026, 3, 1, tzinfo=UTC),
        datetime(2026, 4, 1, tzinfo=UTC),
    )
    assert (fact.price_id, fact.quantity) == ("price_1", 1)


def test_the_end_of_a_subscription() -> None:
    fact = normalize_subscription(subscription(status="canceled", canceled_at=MARCH, ended_at=APRIL))

    assert (fact.canceled_at, fact.ended_at) == (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))


def test_an_invoice() -> None:
    fact = normalize_invoice(invoice())

    assert (fact.id, fact.number, fact.status, fact.billing_reason) == ("in_1", "A-1", "paid", "subscription_cycle")
    assert (fact.customer_id, fact.subscription_id, fact.currency) == ("cus_1", "sub_1", "usd")
    assert (fact.subtotal_minor, fact.tax_minor, fact.total_minor, fact.paid_minor) == (12_900, 1_290, 14_190, 14_190)
    assert fact.finalized_at == datetime(2026, 3, 1, 1, tzinfo=UTC)
    assert fact.paid_at == datetime(2026, 3, 1, 1, 0, 1, tzinfo=UTC)
    assert fact.lines == (
        InvoiceLineFact(
            id="il_1",
            description="1 x Pro",
            amount_minor=12_900,
            quantity=1,
            period_start=datetime(2026, 3, 1, tzinfo=UTC),
            period_end=datetime(2026, 4, 1, tzinfo=UTC),
            price_id="price_1",
            metadata={"kind": "overage"},
        ),
    )


def test_a_draft_has_neither_number_nor_moments() -> None:
    fact = normalize_invoice(
        invoice(status="draft", number=None, status_transitions={"finalized_at": None, "paid_at": None})
    )

    assert (fact.number, fact.finalized_at, fact.paid_at) == ("", None, None)


@pytest.mark.parametrize(
    "where",
    [
        {"parent": {"subscription_details": {"subscription": {"id": "sub_1"}}}},
        {"parent": None, "subscription": "sub_1"},
        {"parent": None, "metadata": {"subscription": "sub_1"}},
    ],
    ids=["under parent, expanded", "on top", "one of ours, in metadata"],
)
def test_an_invoice_names_its_subscription_in_several_places(where: dict[str, Any]) -> None:
    assert subscription_of(invoice(**where)) == "sub_1"


def test_an_invoice_of_no_subscription() -> None:
    assert subscription_of(invoice(parent=None)) == ""


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"status": "paid"}, ""),
        ({"status": "open"}, ""),
        ({"status": "open", "last_finalization_error": {"message": "No address."}}, "No address."),
        (
            {
                "status": "open",
                "payments": {
                    "data": [
                        {"payment": {"payment_intent": {"last_payment_error": {"message": "Your card has expired."}}}},
                        {"payment": {"payment_intent": {"last_payment_error": {"message": "Your card was declined."}}}},
                        {"payment": {"payment_intent": "pi_1"}},
                    ]
                },
            },
            "Your card was declined.",
        ),
    ],
    ids=["paid", "not tried", "could not be finalised", "the last failure counts"],
)
def test_why_an_invoice_was_not_paid(changes: dict[str, Any], told: str) -> None:
    assert payment_error(invoice(**changes)) == told


def test_a_checkout_knows_us_by_its_metadata_only() -> None:
    raw = {
        "id": "cs_1",
        "status": "complete",
        "payment_status": "paid",
        "url": None,
        "customer_details": {"email": "ann@buyer.test"},
        "customer_email": "typed@before.test",
        "customer": "cus_1",
        "subscription": {"id": "sub_1"},
        "client_reference_id": "somebody-elses",
        "metadata": {"checkout": "ours"},
    }

    fact = normalize_checkout(raw)

    assert (fact.reference, fact.email, fact.url) == ("ours", "ann@buyer.test", "")
    assert (fact.customer_id, fact.subscription_id) == ("cus_1", "sub_1")


def test_an_open_checkout_has_the_address_it_began_with() -> None:
    raw = {
        "id": "cs_1",
        "status": "open",
        "payment_status": "unpaid",
        "url": "https://pay",
        "customer_email": "a@b.test",
    }

    fact = normalize_checkout(raw)

    assert (fact.email, fact.customer_id, fact.subscription_id, fact.reference) == ("a@b.test", "", "", "")


def test_digging_stops_where_there_is_nothing() -> None:
    assert dig({"a": {"b": 1}}, "a", "b") == 1
    assert dig({"a": None}, "a", "b") is None
    assert dig({"a": [1]}, "a", "b") is None
