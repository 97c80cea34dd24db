"""Invoices, as every provider must have them: what each method does once, twice, and when the card says no."""

from datetime import UTC, datetime, timedelta

import pytest
import stripe

from billing.providers.protocol import CardDeclined, InvoiceSpec
from tests.billing.providers.contract.side import Side


def renewed(side: Side) -> tuple[str, str]:
    """A subscription whose renewal's draft is open: its customer and its id."""
    fact = side.subscribed(side.customer())
    side.advance(fact.period_end + timedelta(minutes=1))
    return fact.customer_id, fact.id


def test_an_item_is_added_to_the_draft_once_then_it_is_charged(side: Side) -> None:
    customer, subscription = renewed(side)
    draft, first = side.provider.invoices_of(subscription)
    assert (draft.status, draft.billing_reason, first.status) == ("draft", "subscription_cycle", "paid")

    spec = side.item(customer, invoice_id=draft.id)
    added = side.provider.add_invoice_item(spec, key=side.key("overage"))
    assert side.provider.add_invoice_item(spec, key=side.key("overage")) == added
    final = side.provider.finalize_invoice(draft.id, key=side.key("finalize"))
    paid = side.provider.pay_invoice(draft.id, key=side.key("pay"))

    assert (final.status, final.total_minor) == ("open", 13_150)
    assert final.payment_url.startswith("http")
    assert (paid.status, paid.paid_minor, paid.payment_error) == ("paid", 13_150, "")
    assert paid.paid_at is not None
    (overage,) = [line for line in paid.lines if line.metadata.get("invoice_item") == "i1"]
    assert (overage.amount_minor, overage.description) == (250, "1000 tokens")
    assert (overage.period_start, overage.period_end) == (
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 2, 1, tzinfo=UTC),
    )


def test_what_was_added_for_a_customer_is_known(side: Side) -> None:
    customer, subscription = renewed(side)
    draft = side.provider.invoices_of(subscription)[0]
    waiting = side.provider.add_invoice_item(side.item(customer), key=side.key("i1"))
    added = side.provider.add_invoice_item(side.item(customer, invoice_id=draft.id), key=side.key("i2"))

    found = side.provider.invoice_items_of(customer)

    # Both are of the same frozen second on a test clock: only what is there counts.
    assert {(fact.id, fact.invoice_id, fact.metadata["invoice_item"]) for fact in found} == {
        (added, draft.id, "i1"),
        (waiting, "", "i1"),
    }
    side.provider.drop_invoice_item(waiting)
    side.provider.drop_invoice_item(waiting)
    assert [fact.id for fact in side.provider.invoice_items_of(customer)] == [added]


def test_what_is_already_so_stays_so(side: Side) -> None:
    customer, subscription = renewed(side)
    draft = side.provider.invoices_of(subscription)[0]
    side.provider.finalize_invoice(draft.id, key=side.key("first"))

    assert side.provider.finalize_invoice(draft.id, key=side.key("second")).status == "open"
    assert side.provider.pay_invoice(draft.id, key=side.key("third")).status == "paid"
    assert side.provider.pay_invoice(draft.id, key=side.key("fourth")).status == "paid"
    assert side.provider.finalize_invoice(draft.id, key=side.key("fifth")).status == "paid"
    assert len(side.api.charges.list({"customer": customer}).data) == 2


def test_a_declined_renewal_says_why_here_and_in_the_next_reading(side: Side) -> None:
    customer, subscription = renewed(side)
    side.replace_card(customer, "chargeCustomerFail")
    draft = side.provider.invoices_of(subscription)[0]
    side.provider.finalize_invoice(draft.id, key=side.key("finalize"))

    with pytest.raises(CardDeclined, match="Your card was declined") as declined:
        side.provider.pay_invoice(draft.id, key=side.key("pay"))

    cause = declined.value.__cause__
    assert isinstance(cause, stripe.CardError)
    assert cause.error is not None
    assert (cause.http_status, cause.code, cause.error.decline_code) == (402, "card_declined", "generic_decline")
    unpaid = side.provider.invoices_of(subscription)[0]
    assert (unpaid.status, unpaid.paid_minor, unpaid.payment_error) == ("open", 0, "Your card was declined.")


def test_an_invoice_that_nobody_pays_is_given_up_once_and_says_why(side: Side) -> None:
    customer, subscription = renewed(side)
    side.replace_card(customer, "chargeCustomerFail")
    draft = side.provider.invoices_of(subscription)[0]
    side.provider.finalize_invoice(draft.id, key=side.key("finalize"))
    with pytest.raises(CardDeclined):
        side.provider.pay_invoice(draft.id, key=side.key("pay"))

    assert side.provider.give_up_invoice(draft.id, key=side.key("first")).status == "uncollectible"
    assert side.provider.give_up_invoice(draft.id, key=side.key("second")).status == "uncollectible"

    given_up = side.provider.invoices_of(subscription)[0]
    assert (given_up.status, given_up.payment_error) == ("uncollectible", "Your card was declined.")


def test_an_invoice_of_our_own_after_the_end(side: Side) -> None:
    fact = side.subscribed(side.customer())
    side.api.subscriptions.cancel(fact.id)
    side.provider.add_invoice_item(side.item(fact.customer_id, amount=990), key=side.key("overage"))

    invoice, again = (
        side.provider.create_invoice(customer_id=fact.customer_id, subscription_id=fact.id, key=side.key("own"))
        for _ in range(2)
    )
    side.provider.finalize_invoice(invoice.id, key=side.key("finalize"))
    paid = side.provider.pay_invoice(invoice.id, key=side.key("pay"))

    assert again.id == invoice.id
    assert (invoice.status, invoice.total_minor, invoice.subscription_id) == ("draft", 990, fact.id)
    assert (paid.status, paid.paid_minor) == ("paid", 990)
    snapshot = side.provider.snapshot("invoice.paid", invoice.id)
    assert snapshot is not None
    assert invoice.id in [found.id for found in snapshot.invoices]


def test_an_invoice_over_our_own_figures_holds_one_line_and_leaves_what_waits(side: Side) -> None:
    customer = side.customer()
    side.provider.add_invoice_item(side.item(customer, amount=990), key=side.key("waits"))
    day = datetime(2026, 1, 1, tzinfo=UTC)
    spec = InvoiceSpec(customer, 1_234, "usd", "Invoice INV-000001", day, day, {"own_invoice": "x"})

    draft, again = (side.provider.open_invoice(spec, key=side.key("ours")) for _ in range(2))

    assert again.id == draft.id
    assert (draft.status, draft.total_minor, dict(draft.metadata)) == ("draft", 1_234, {"own_invoice": "x"})
    assert [(line.description, line.amount_minor) for line in draft.lines] == [("Invoice INV-000001", 1_234)]
    final = side.provider.finalize_invoice(draft.id, key=side.key("finalize"))
    assert (final.status, final.payment_url.startswith("http")) == ("open", True)


def test_an_invoice_of_no_subscription_stands_for_itself(side: Side) -> None:
    customer = side.customer()
    invoice = side.api.invoices.create({"customer": customer})

    found = side.provider.snapshot("invoice.created", invoice.id)

    assert found is not None
    assert (found.subscription, found.checkout, found.payments) == (None, None, ())
    assert [(each.id, each.customer_id, each.subscription_id) for each in found.invoices] == [
        (invoice.id, customer, "")
    ]
