"""Invoices, their items and lines."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import stripe

from billing.providers.sandbox import clock
from billing.providers.sandbox.models import Record
from billing.providers.sandbox.timetable import HOUR
from tests.billing.providers.sandbox import shop


def add_item(customer: str, amount: int = 1_500, **params: Any) -> stripe.InvoiceItem:
    given: Any = {"customer": customer, "amount": amount, "currency": "usd", "description": "Overage", **params}
    return shop.client().v1.invoice_items.create(given)


def draft(customer: stripe.Customer, *amounts: int, **params: Any) -> stripe.Invoice:
    for amount in amounts:
        add_item(customer.id, amount)
    given: Any = {"customer": customer.id, "pending_invoice_items_behavior": "include", **params}
    return shop.client().v1.invoices.create(given)


class TestItems:
    def test_join_the_draft_that_is_named(self) -> None:
        api = shop.client().v1
        customer = shop.customer()
        invoice = draft(customer)
        before = len(shop.events())

        item = add_item(
            customer.id,
            invoice=invoice.id,
            metadata={"kind": "overage", "billing_period": "p-1"},
            period={"start": 1_700_000_000, "end": 1_700_003_600},
        )

        changed = api.invoices.retrieve(invoice.id)
        (line,) = changed.lines.data
        shown = shop.plain(line)
        assert shop.events(after=before) == ["invoiceitem.created", "invoice.updated"]
        assert (changed.total, changed.amount_due, item.invoice) == (1_500, 1_500, invoice.id)
        assert shown["metadata"] == {"kind": "overage", "billing_period": "p-1"}
        assert shown["period"] == {"start": 1_700_000_000, "end": 1_700_003_600}
        assert shown["parent"]["invoice_item_details"]["invoice_item"] == item.id
        assert shown["pricing"] is None

    def test_wait_for_the_next_invoice(self) -> None:
        customer = shop.customer()
        item = add_item(customer.id)
        api = shop.client().v1

        assert [found.id for found in api.invoice_items.list({"pending": True, "customer": customer.id}).data] == [
            item.id
        ]
        assert draft(customer).total == 1_500
        assert api.invoice_items.list({"pending": True}).data == []
        assert len(api.invoice_items.list({"pending": False}).data) == 1

    def test_of_a_subscription_wait_for_its_invoice(self) -> None:
        customer = shop.customer()
        subscription = shop.subscription(to=customer)
        item = add_item(customer.id, subscription=subscription.id)

        assert draft(customer).total == 0
        own = draft(customer, subscription=subscription.id)
        assert own.total == 1_500
        assert own.parent is not None
        assert shop.plain(item)["parent"]["subscription_details"]["subscription"] == subscription.id
        assert shop.plain(own.lines.data[0])["subscription"] == subscription.id

    def test_of_a_price(self) -> None:
        customer, price = shop.customer(), shop.price(250, interval=None)
        api = shop.client().v1

        item = api.invoice_items.create({"customer": customer.id, "pricing": {"price": price.id}, "quantity": 4})

        assert (item.amount, item.quantity, item.currency) == (1_000, 4, "usd")
        assert shop.plain(draft(customer).lines.data[0])["pricing"]["price_details"]["price"] == price.id
        with pytest.raises(stripe.InvalidRequestError, match="one-time"):
            api.invoice_items.create({"customer": customer.id, "pricing": {"price": shop.price().id}})

    def test_change_and_go_while_their_invoice_is_a_draft(self) -> None:
        api = shop.client().v1
        customer = shop.customer()
        loose = add_item(customer.id)
        api.invoice_items.update(loose.id, {"amount": 700, "metadata": {"a": "b"}, "description": "Less"})
        invoice = draft(customer, 2_000)
        held = api.invoice_items.list({"invoice": invoice.id}).data[0]

        api.invoice_items.update(held.id, {"amount": 2_500})
        assert api.invoices.retrieve(invoice.id).total == 3_200
        api.invoice_items.delete(held.id)
        assert api.invoices.retrieve(invoice.id).total == 700
        assert [line.description for line in api.invoices.line_items.list(invoice.id).data] == ["Less"]

        api.invoices.finalize_invoice(invoice.id)
        late: list[Callable[[], object]] = [
            lambda: api.invoice_items.update(loose.id, {"amount": 1}),
            lambda: api.invoice_items.delete(loose.id),
            lambda: add_item(customer.id, invoice=invoice.id),
        ]
        for change in late:
            with pytest.raises(stripe.InvalidRequestError) as refused:
                change()
            assert refused.value.code == "invoice_not_editable"
        assert api.invoice_items.retrieve(loose.id).amount == 700

    def test_that_waits_may_go(self) -> None:
        api = shop.client().v1
        item = add_item(shop.customer().id)

        assert api.invoice_items.delete(item.id).deleted is True
        assert api.invoice_items.list().data == []

    def test_a_proration_line_is_struck_with_its_item(self) -> None:
        api = shop.client().v1
        customer = shop.customer()
        subscription = shop.subscription(to=customer)
        api.subscriptions.update(subscription.id, {"items": [{"id": shop.item(subscription).id, "quantity": 2}]})
        invoice = draft(customer, subscription=subscription.id)
        assert len(invoice.lines.data) == 2

        for item in api.invoice_items.list({"invoice": invoice.id}).data:
            api.invoice_items.delete(item.id)

        assert api.invoices.retrieve(invoice.id).lines.data == []

    @pytest.mark.parametrize(
        ("params", "param"),
        [
            ({"customer": "cus_none"}, "customer"),
            ({"subscription": "sub_none"}, "subscription"),
            ({"invoice": "in_none"}, "invoice"),
            ({"amount": None}, "amount"),
            ({"currency": None}, "currency"),
            ({"period": {"start": 2, "end": 1}}, "period[end]"),
            ({"period": {"start": 2}}, "period[end]"),
            ({"pricing": {"price": "price_none"}}, "amount"),
        ],
    )
    def test_that_cannot_be(self, params: dict[str, Any], param: str) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            add_item(**{"customer": shop.customer("").id, **params})

        assert refused.value.param == param

    def test_of_another_customer_or_currency_are_refused(self) -> None:
        invoice = draft(shop.customer())

        with pytest.raises(stripe.InvalidRequestError, match="another customer"):
            add_item(shop.customer("").id, invoice=invoice.id)
        with pytest.raises(stripe.InvalidRequestError, match="currency of the invoice is usd"):
            add_item(str(invoice.customer), invoice=invoice.id, currency="eur")


class TestLife:
    def test_drafted_finalised_paid(self) -> None:
        api = shop.client().v1
        customer = shop.customer()
        invoice = draft(customer, 1_000, 234, metadata={"a": "b"}, description="By hand", auto_advance=False)
        before = len(shop.events())

        final = api.invoices.finalize_invoice(invoice.id)
        paid = api.invoices.pay(invoice.id)

        assert (invoice.status, invoice.number, invoice.billing_reason) == ("draft", None, "manual")
        assert (final.status, final.amount_due, final.next_payment_attempt) == ("open", 1_234, None)
        assert final.number == f"{customer.invoice_prefix}-0001"
        assert (paid.status, paid.amount_paid, paid.amount_remaining, paid.attempt_count) == ("paid", 1_234, 0, 1)
        assert shop.events(after=before) == [
            "invoice.finalized",
            "payment_intent.created",
            "charge.succeeded",
            "payment_intent.succeeded",
            "invoice_payment.paid",
            "invoice.paid",
            "invoice.payment_succeeded",
        ]
        (payment,) = api.invoice_payments.list({"invoice": invoice.id}).data
        assert (payment.amount_paid, payment.status) == (1_234, "paid")
        assert api.invoice_payments.retrieve(payment.id).id == payment.id

    def test_numbers_follow_each_other(self) -> None:
        api = shop.client().v1
        customer = shop.customer()
        numbers = [api.invoices.finalize_invoice(draft(customer, 100).id).number for _ in range(3)]

        assert numbers == [f"{customer.invoice_prefix}-{sequence:04d}" for sequence in (1, 2, 3)]

    def test_one_of_nothing_is_paid_at_once(self) -> None:
        api = shop.client().v1
        final = api.invoices.finalize_invoice(draft(shop.customer("")).id)

        assert (final.status, final.total) == ("paid", 0)
        assert api.invoices.pay(draft(shop.customer("")).id).status == "paid"
        assert api.payment_intents.list().data == []

    def test_a_declined_card_leaves_it_open(self) -> None:
        api = shop.client().v1
        customer = shop.customer("chargeCustomerFail")
        invoice = draft(customer, 500)

        with pytest.raises(stripe.CardError) as refused:
            api.invoices.pay(invoice.id)
        unpaid = api.invoices.retrieve(invoice.id)

        assert (refused.value.code, refused.value.user_message) == ("card_declined", "Your card was declined.")
        assert (unpaid.status, unpaid.attempt_count, unpaid.attempted, unpaid.next_payment_attempt) == (
            "open",
            1,
            True,
            None,
        )
        assert shop.events()[-1] == "invoice.payment_failed"
        shop.replace_card(customer.id, "visa")
        assert api.invoices.pay(invoice.id).status == "paid"

    def test_another_card_may_pay(self) -> None:
        api = shop.client().v1
        customer = shop.customer("chargeCustomerFail")
        card = api.payment_methods.attach("pm_card_visa", {"customer": customer.id})

        by_choice = api.invoices.pay(draft(customer, 500).id, {"payment_method": card.id})
        by_default = api.invoices.pay(draft(customer, 500, default_payment_method=card.id).id)

        assert (by_choice.status, by_default.status) == ("paid", "paid")
        with pytest.raises(stripe.InvalidRequestError, match="does not have a payment method"):
            api.invoices.pay(draft(shop.customer(), 500).id, {"payment_method": card.id})

    def test_without_a_card_it_cannot_be_paid_but_out_of_band(self) -> None:
        api = shop.client().v1
        invoice = draft(shop.customer(""), 500)

        with pytest.raises(stripe.CardError, match="no `default_payment_method`"):
            api.invoices.pay(invoice.id)

        assert api.invoices.pay(invoice.id, {"paid_out_of_band": True}).status == "paid"
        assert "charge.succeeded" not in shop.events()

    def test_what_is_final_is_not_made_final_or_paid_again(self) -> None:
        api = shop.client().v1
        invoice = draft(shop.customer(), 500)
        api.invoices.pay(invoice.id)

        with pytest.raises(stripe.InvalidRequestError, match="already finalized"):
            api.invoices.finalize_invoice(invoice.id)
        with pytest.raises(stripe.InvalidRequestError, match="Invoice is already paid"):
            api.invoices.pay(invoice.id)
        with pytest.raises(stripe.InvalidRequestError, match="open invoices"):
            api.invoices.void_invoice(invoice.id)
        assert shop.events().count("charge.succeeded") == 1

    def test_one_that_advances_by_itself_is_final_after_an_hour_and_charged(self) -> None:
        api = shop.client().v1
        invoice = draft(shop.customer(), 500, auto_advance=True)
        assert invoice.automatically_finalizes_at == invoice.created + HOUR

        clock.advance(by=timedelta(hours=1, minutes=1))

        assert api.invoices.retrieve(invoice.id).status == "paid"

    def test_one_that_was_made_final_by_hand_is_charged_after_an_hour(self) -> None:
        api = shop.client().v1
        invoice = draft(shop.customer(), 500)

        final = api.invoices.finalize_invoice(invoice.id, {"auto_advance": True})
        assert (final.status, final.next_payment_attempt) == (
            "open",
            final.effective_at + HOUR if final.effective_at else 0,
        )
        clock.advance(by=timedelta(hours=1, minutes=1))

        assert api.invoices.retrieve(invoice.id).status == "paid"

    @pytest.mark.parametrize(
        ("call", "status", "event"),
        [
            ("void_invoice", "void", "invoice.voided"),
            ("mark_uncollectible", "uncollectible", "invoice.marked_uncollectible"),
        ],
    )
    def test_it_may_be_given_up(self, call: str, status: str, event: str) -> None:
        api = shop.client().v1
        invoice = draft(shop.customer(), 500)
        api.invoices.finalize_invoice(invoice.id)

        assert getattr(api.invoices, call)(invoice.id).status == status
        assert shop.events()[-1] == event

    def test_a_draft_changes_and_a_final_one_hardly(self) -> None:
        api = shop.client().v1
        customer = shop.customer()
        invoice = draft(customer, 500)

        changed = api.invoices.update(
            invoice.id, {"description": "Yours", "footer": "Bye", "metadata": {"a": "b"}, "auto_advance": True}
        )
        assert (changed.description, changed.footer, changed.auto_advance) == ("Yours", "Bye", True)
        assert changed.automatically_finalizes_at is not None
        assert api.invoices.update(invoice.id, {"auto_advance": False}).automatically_finalizes_at is None

        api.invoices.finalize_invoice(invoice.id)
        assert shop.plain(api.invoices.update(invoice.id, {"metadata": {"c": "d"}}))["metadata"] == {"a": "b", "c": "d"}
        with pytest.raises(stripe.InvalidRequestError) as refused:
            api.invoices.update(invoice.id, {"description": "Late"})
        assert refused.value.code == "invoice_not_editable"

    def test_a_draft_by_hand_may_go_and_its_items_wait_again(self) -> None:
        api = shop.client().v1
        customer = shop.customer()
        invoice = draft(customer, 500)

        assert api.invoices.delete(invoice.id).deleted is True

        assert len(api.invoice_items.list({"pending": True}).data) == 1
        assert not Record.objects.filter(kind__in=["invoice", "line_item"]).exists()

    def test_a_renewals_draft_may_not(self) -> None:
        subscription = shop.subscription()
        clock.advance(by=timedelta(seconds=shop.period_end(subscription) - clock.now().timestamp() + 1))

        with pytest.raises(stripe.InvalidRequestError, match="one-off"):
            shop.client().v1.invoices.delete(shop.invoices(subscription.id)[-1].id)


def test_long_invoices_show_ten_lines_and_list_all_in_order() -> None:
    customer = shop.customer()
    invoice = draft(customer, *range(1, 13))

    lines = shop.client().v1.invoices.line_items.list(invoice.id, {"limit": 5})

    assert [line.amount for line in invoice.lines.data] == list(range(1, 11))
    assert invoice.lines.has_more is True
    assert [line.amount for line in lines.auto_paging_iter()] == list(range(1, 13))


def test_they_are_listed_by_customer_subscription_and_status() -> None:
    api = shop.client().v1
    customer = shop.customer()
    subscription = shop.subscription(to=customer)
    by_hand = draft(customer, 500)

    def ids(**params: Any) -> list[str]:
        return [found.id for found in api.invoices.list(params).data]  # type: ignore[arg-type]

    assert ids(customer=customer.id) == [by_hand.id, subscription.latest_invoice]
    assert ids(subscription=subscription.id) == ids(status="paid") == [subscription.latest_invoice]
    assert ids(status="draft") == [by_hand.id]


class TestPreview:
    def test_shows_the_next_renewal_and_stores_nothing(self) -> None:
        shop.go_to(1, 31)
        customer = shop.customer()
        subscription = shop.subscription(to=customer)
        add_item(customer.id)
        before = Record.objects.count()

        for params in ({"subscription": subscription.id}, {"customer": customer.id}):
            preview = shop.client().v1.invoices.create_preview(params)  # type: ignore[arg-type]

            assert preview.id.startswith("upcoming_in_")
            assert (preview.status, preview.billing_reason, preview.total) == ("draft", "upcoming", 8_000)
            assert shop.dates(preview) == ("28 Feb", "31 Mar")
            assert preview.created == shop.period_end(subscription)
        assert Record.objects.count() == before

    def test_there_is_none_where_nothing_renews(self) -> None:
        api = shop.client().v1
        ending, over = shop.subscription(cancel_at_period_end=True), shop.subscription()
        api.subscriptions.cancel(over.id)

        for params in (
            {"subscription": ending.id},
            {"subscription": over.id},
            {"customer": shop.customer("").id},
        ):
            with pytest.raises(stripe.InvalidRequestError) as refused:
                api.invoices.create_preview(params)  # type: ignore[arg-type]
            assert refused.value.code == "invoice_upcoming_none"
        with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
            api.invoices.create_preview({})
