"""Payments, refunds and credit notes, as every provider must have them."""

from dataclasses import replace

import pytest

from billing.providers.protocol import BalanceSpec, CreditNoteSpec, InvoiceFact, PaymentFact, ProviderError, RefundSpec
from billing.providers.sandbox.faults import Fault, injected
from tests.billing.providers.contract.side import Side


def bought(side: Side) -> tuple[InvoiceFact, PaymentFact]:
    """A paid invoice and its payment."""
    fact = side.subscribed(side.customer())
    (invoice,) = side.provider.invoices_of(fact.id)
    (payment,) = side.provider.payments_of(invoice_id=invoice.id)
    return invoice, payment


def test_a_payment_tells_what_was_paid_with_and_what_was_kept(side: Side) -> None:
    invoice, payment = bought(side)

    assert (payment.status, payment.amount_minor, payment.received_minor) == ("succeeded", 12_900, 12_900)
    assert (payment.currency, payment.invoice_id, payment.refunded_minor) == ("usd", invoice.id, 0)
    assert payment.method is not None
    assert (payment.method.kind, payment.method.brand, payment.method.last4) == ("card", "visa", "4242")
    assert payment.fee_minor > 0
    assert payment.paid_at is not None
    assert [found.id for found in side.provider.payments_of(customer_id=invoice.customer_id)] == [payment.id]
    assert side.provider.payments_of(customer_id=invoice.customer_id)[0].invoice_id == invoice.id


def test_a_refund_is_sent_once_for_a_key(side: Side) -> None:
    invoice, payment = bought(side)
    spec = RefundSpec(payment.id, 5_000, reason="requested_by_customer", metadata={"refund": "r1"})

    first, again = (side.provider.refund(spec, key=side.key("refund")) for _ in range(2))

    assert first == again
    assert (first.payment_id, first.charge_id, first.amount_minor) == (payment.id, payment.charge_id, 5_000)
    assert (first.reason, first.metadata) == ("requested_by_customer", {"refund": "r1"})
    assert side.provider.payments_of(invoice_id=invoice.id)[0].refunded_minor == 5_000


def test_the_rest_is_refunded_and_no_more(side: Side) -> None:
    _, payment = bought(side)
    side.provider.refund(RefundSpec(payment.id, 5_000), key=side.key("part"))

    with pytest.raises(ProviderError, match="greater than unrefunded amount"):
        side.provider.refund(RefundSpec(payment.id, 8_000), key=side.key("too-much"))
    rest = side.provider.refund(RefundSpec(payment.id), key=side.key("rest"))

    assert rest.amount_minor == 7_900
    with pytest.raises(ProviderError, match="already been refunded"):
        side.provider.refund(RefundSpec(payment.id), key=side.key("again"))


@pytest.mark.parametrize("fault", list(Fault))
def test_a_fault_never_refunds_twice(sandbox: Side, fault: Fault) -> None:
    invoice, payment = bought(sandbox)
    spec = RefundSpec(payment.id, 5_000)

    with injected(fault, method="POST", path="/v1/refunds", times=3), pytest.raises(ProviderError):
        sandbox.provider.refund(spec, key=sandbox.key("refund"))
    sandbox.provider.refund(spec, key=sandbox.key("refund"))

    assert sandbox.provider.payments_of(invoice_id=invoice.id)[0].refunded_minor == 5_000


def test_a_paid_invoice_is_credited_by_a_refund_and_by_credit(side: Side) -> None:
    invoice, _ = bought(side)
    named = {"credit_note": "ours"}
    spec = CreditNoteSpec(
        invoice.id, 1_000, refund_minor=600, credit_minor=400, memo="A day of silence", metadata=named
    )

    note = side.provider.credit_invoice(spec, key=side.key("credit"))

    assert side.provider.credit_invoice(spec, key=side.key("credit")) == note
    assert side.provider.credit_note_of(spec.invoice_id, named) == note
    assert side.provider.credit_note_of(spec.invoice_id, {"credit_note": "another"}) is None
    assert (note.kind, note.total_minor, note.refunded_minor, note.credited_minor) == ("post_payment", 1_000, 600, 400)
    assert (note.memo, len(note.refund_ids), note.invoice_id) == ("A day of silence", 1, invoice.id)
    assert side.provider.customer(invoice.customer_id).balance_minor == -400
    (payment,) = side.provider.payments_of(invoice_id=invoice.id)
    assert payment.refunded_minor == 600


def test_of_a_balance_each_invoice_tells_what_it_used(side: Side) -> None:
    fact = side.subscribed(side.customer())
    given = BalanceSpec(fact.customer_id, 700, "usd", "Credits", {"wallet_transfer": side.key("transfer")})
    entry = side.provider.move_balance(given, key=side.key("move"))
    side.provider.add_invoice_item(side.item(fact.customer_id, amount=900), key=side.key("item"))
    draft = side.provider.create_invoice(customer_id=fact.customer_id, subscription_id=fact.id, key=side.key("draft"))
    assert side.provider.balance_used(fact.customer_id) == {}

    side.provider.finalize_invoice(draft.id, key=side.key("final"))

    assert side.provider.balance_used(fact.customer_id) == {draft.id: 700}
    more = replace(given, metadata={"wallet_transfer": side.key("more")})
    later = side.provider.move_balance(more, key=side.key("later"))
    assert side.provider.balance_used(fact.customer_id, before=entry) == {}
    assert side.provider.balance_used(fact.customer_id, before=later) == {draft.id: 700}
    side.provider.void_invoice(draft.id, key=side.key("void"))
    assert side.provider.balance_used(fact.customer_id)[draft.id] == 0


def test_an_open_invoice_asks_for_less(side: Side) -> None:
    fact = side.subscribed(side.customer())
    side.provider.add_invoice_item(side.item(fact.customer_id, amount=900), key=side.key("item"))
    draft = side.provider.create_invoice(customer_id=fact.customer_id, subscription_id=fact.id, key=side.key("draft"))
    side.provider.finalize_invoice(draft.id, key=side.key("final"))

    note = side.provider.credit_invoice(CreditNoteSpec(draft.id, 300), key=side.key("credit"))
    paid = side.provider.pay_invoice(draft.id, key=side.key("pay"))

    assert (note.kind, note.total_minor, note.refunded_minor, note.credited_minor) == ("pre_payment", 300, 0, 0)
    assert (paid.status, paid.total_minor, paid.paid_minor, paid.credited_before_minor) == ("paid", 900, 600, 300)


def test_an_open_invoice_is_voided_once(side: Side) -> None:
    fact = side.subscribed(side.customer())
    side.provider.add_invoice_item(side.item(fact.customer_id, amount=900), key=side.key("item"))
    draft = side.provider.create_invoice(customer_id=fact.customer_id, subscription_id=fact.id, key=side.key("draft"))
    side.provider.finalize_invoice(draft.id, key=side.key("final"))

    assert side.provider.void_invoice(draft.id, key=side.key("first")).status == "void"
    assert side.provider.void_invoice(draft.id, key=side.key("second")).status == "void"
