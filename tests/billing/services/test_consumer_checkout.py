"""Buying through a consumer, where the API's tests do not look."""

from dataclasses import replace
from uuid import uuid4

import pytest

from billing.models import CheckoutSession, CreditNote, Invoice, Payment, Price, Purchase, Refund, Subscription
from billing.providers.protocol import ProviderError
from billing.providers.sandbox import faults
from billing.providers.sandbox.checkout import Payer, pay
from billing.providers.sandbox.faults import Fault
from billing.services import consumer_checkout, invoice_verification, refunding
from platform_core.errors import InvalidInput, NotFound
from tests import make
from tests.billing import selling, shop


def test_a_provider_that_does_not_answer_leaves_one_row_and_asking_again_one_page() -> None:
    selling.funnel()
    with (
        faults.injected(Fault.TIMEOUT_AFTER, method="POST", path="/v1/checkout/sessions", times=3),
        pytest.raises(ProviderError),
    ):
        consumer_checkout.start(selling.WISH)

    row = consumer_checkout.start(selling.WISH)

    assert CheckoutSession.objects.get() == row
    assert row.url


def test_another_provider_is_not_known() -> None:
    with pytest.raises(InvalidInput):
        consumer_checkout.check_provider("paypal")


def test_no_session_has_no_name() -> None:
    for name in ("", f"cs_{uuid4().hex}"):
        with pytest.raises(NotFound):
            consumer_checkout.session_named(name)


def test_what_is_paid_once_is_a_purchase_and_no_subscription() -> None:
    consumer = selling.funnel()
    price = selling.one_off()

    row = consumer_checkout.start(replace(selling.WISH, pricing_item_code="credits_100", quantity=3))
    again = consumer_checkout.start(replace(selling.WISH, pricing_item_code="credits_100", quantity=2))
    pay(row.provider_session_id, Payer(email="billing@demo.test"))
    shop.catch_up()

    # Another quantity is another wish, and the first page stays open.
    assert again != row
    row.refresh_from_db()
    purchase = Purchase.objects.get()
    assert (row.status, purchase.checkout) == ("completed", row)
    assert (purchase.kind, purchase.price, purchase.quantity) == ("one_off", price, 3)
    assert (purchase.amount_minor, purchase.subscription) == (5_700, None)
    assert not Subscription.objects.exists()
    told = [event["type"] for event in selling.told(consumer)]
    assert sorted(told) == [
        "checkout.completed",
        "invoice.finalized",
        "invoice.paid",
        "payment.succeeded",
        "purchase.completed",
    ]
    payment = Payment.objects.get()
    assert payment.invoice == Invoice.objects.get()
    assert (payment.amount_minor, payment.consumer_tenant, payment.invoice.number) == (
        5_700, purchase.consumer_tenant, "INV-000001",
    )  # fmt: skip


def test_what_was_paid_once_goes_back_with_a_credit_note_and_only_its_consumer_hears() -> None:
    consumer = selling.funnel()
    selling.one_off()
    row = consumer_checkout.start(replace(selling.WISH, pricing_item_code="credits_100"))
    pay(row.provider_session_id, Payer(email="billing@demo.test"))
    shop.catch_up()
    organization = Payment.objects.get().organization
    other = make.consumer_tenant(make.consumer("other", url="http://127.0.0.1:9/"), organization).consumer

    refunding.refund(Payment.objects.get(), 900, reason="Half of it", key="k", by=None)
    shop.catch_up()

    note = CreditNote.objects.get()
    assert (note.total_minor, Refund.objects.get().status) == (900, "succeeded")
    assert [event["type"] for event in selling.told(consumer)][-2:] == ["credit_note.issued", "payment.refunded"]
    assert selling.told(other) == []
    assert list(invoice_verification.problems()) == []


def test_what_costs_the_same_whatever_the_quantity_is_bought_once_at_a_time() -> None:
    selling.funnel()
    selling.one_off(scheme=Price.Scheme.FLAT)

    with pytest.raises(InvalidInput):
        consumer_checkout.start(replace(selling.WISH, pricing_item_code="credits_100", quantity=2))
    assert consumer_checkout.start(replace(selling.WISH, pricing_item_code="credits_100")).url
