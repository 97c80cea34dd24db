"""What an event leads to, whatever it is about: the whole purchase, or what there is without one."""

from dataclasses import replace
from datetime import timedelta

from billing.providers.protocol import CreditNoteSpec, RefundSpec, SetupSpec, Snapshot
from billing.providers.sandbox import checkout, clock
from billing.providers.sandbox.checkout import Payer
from tests.billing.providers.contract.side import Side
from tests.billing.providers.contract.test_customers import purchase

DISPUTED = "4000000000000259"


def read(side: Side, kind: str, object_id: str) -> Snapshot:
    found = side.provider.snapshot(kind, object_id)
    assert found is not None
    return found


def test_the_money_of_a_purchase_is_read_with_it(side: Side) -> None:
    fact = side.subscribed(side.customer())
    (invoice,) = side.provider.invoices_of(fact.id)
    (payment,) = side.provider.payments_of(invoice_id=invoice.id)
    refund = side.provider.refund(RefundSpec(payment.id, 100), key=side.key("refund"))
    note = side.provider.credit_invoice(CreditNoteSpec(invoice.id, 200, refund_minor=200), key=side.key("credit"))

    found = read(side, "customer.subscription.updated", fact.id)

    assert found.customer is not None
    assert found.customer.id == fact.customer_id
    assert [(each.id, each.invoice_id, each.refunded_minor) for each in found.payments] == [
        (payment.id, invoice.id, 300)
    ]
    assert {each.id for each in found.refunds} == {refund.id, *note.refund_ids}
    assert [each.id for each in found.credit_notes] == [note.id]
    assert [(each.last4, each.is_default) for each in found.payment_methods] == [("4242", True)]
    assert found.disputes == ()


def test_whatever_of_it_an_event_is_about_leads_to_all_of_it(side: Side) -> None:
    fact = side.subscribed(side.customer())
    (invoice,) = side.provider.invoices_of(fact.id)
    (payment,) = side.provider.payments_of(invoice_id=invoice.id)
    refund = side.provider.refund(RefundSpec(payment.id, 100), key=side.key("refund"))

    whole = read(side, "customer.subscription.updated", fact.id)

    for kind, object_id in (
        ("charge.refunded", payment.charge_id),
        ("payment_intent.succeeded", payment.id),
        ("refund.created", refund.id),
        ("invoice.paid", invoice.id),
    ):
        found = read(side, kind, object_id)
        assert found.subscription == whole.subscription
        assert (found.payments, found.refunds) == (whole.payments, whole.refunds)


def test_a_customer_and_a_card_belong_to_no_purchase(side: Side) -> None:
    customer = side.customer()
    (card,) = side.provider.payment_methods_of(customer)

    by_customer = read(side, "customer.updated", customer)
    by_card = read(side, "payment_method.attached", card.id)
    side.provider.detach_payment_method(card.id, key=side.key("detach"))
    gone = read(side, "payment_method.detached", card.id)

    for found in (by_customer, by_card):
        assert (found.subscription, found.checkout, found.invoices) == (None, None, ())
        assert found.customer is not None
        assert (found.customer.id, found.payment_methods) == (customer, (card,))
    assert (gone.customer, gone.payment_methods) == (None, (replace(card, customer_id="", is_default=False),))
    side.provider.mirror(by_customer)


def test_a_kind_that_concerns_nothing_is_nothing(side: Side) -> None:
    assert side.provider.snapshot("payout.paid", "po_1") is None
    assert side.provider.snapshot("charge.dispute.created", "du_gone") is None


def test_a_scheduled_change_is_part_of_it(side: Side) -> None:
    fact = side.subscribed(side.customer())
    yearly = side.provider.ensure_prices([side.yearly])[side.yearly.lookup_key]
    planned = side.provider.schedule_change(side.change(fact, yearly), key=side.key("plan"))

    assert read(side, "subscription_schedule.updated", planned.id).schedule == planned


# --- What only a person can do on a page: in the sandbox -------------------------------------------------------------
def test_a_single_purchase_is_read_without_a_subscription(sandbox: Side) -> None:
    opened = sandbox.provider.open_checkout(purchase(sandbox), key=sandbox.key("buy"))
    checkout.pay(opened.id)

    found = read(sandbox, "checkout.session.completed", opened.id)

    assert found.checkout is not None
    assert (found.checkout.status, found.checkout.payment_status) == ("complete", "paid")
    assert (found.subscription, found.invoices) == (None, ())
    (payment,) = found.payments
    assert (payment.id, payment.status, payment.amount_minor) == (found.checkout.payment_id, "succeeded", 9_800)
    assert payment.customer_id == found.checkout.customer_id
    assert found.customer is not None
    by_payment = read(sandbox, "payment_intent.succeeded", payment.id)
    assert (by_payment.checkout, by_payment.payments) == (found.checkout, found.payments)
    sandbox.provider.mirror(found)


def test_a_single_purchase_with_an_invoice(sandbox: Side) -> None:
    opened = sandbox.provider.open_checkout(replace(purchase(sandbox), invoiced=True), key=sandbox.key("buy"))
    checkout.pay(opened.id)

    found = read(sandbox, "checkout.session.completed", opened.id)

    (invoice,) = found.invoices
    (payment,) = found.payments
    assert (invoice.status, invoice.total_minor, invoice.subscription_id) == ("paid", 9_800, "")
    assert payment.invoice_id == invoice.id
    assert read(sandbox, "invoice.paid", invoice.id).invoices == (invoice,)


def test_a_setup_saves_a_card(sandbox: Side) -> None:
    customer = sandbox.customer()
    spec = SetupSpec("c1", customer, "usd", "https://shop.test/done", "https://shop.test/back")
    opened = sandbox.provider.open_setup(spec, key=sandbox.key("setup"))
    checkout.pay(opened.id, Payer(number="5555555555554444"))

    found = read(sandbox, "checkout.session.completed", opened.id)

    assert found.checkout is not None
    assert found.checkout.payment_status == "no_payment_required"
    saved = {each.id: each.brand for each in found.payment_methods}
    assert saved[found.checkout.payment_method_id] == "mastercard"


def test_a_bank_debit_takes_days_and_may_fail_then(sandbox: Side) -> None:
    outcomes = {}
    for account in ("000123456789", "000222222227"):
        spec = replace(purchase(sandbox), methods=("card", "bank_debit"))
        opened = sandbox.provider.open_checkout(spec, key=sandbox.key(account))
        checkout.pay(opened.id, Payer(account=account))
        outcomes[account] = opened.id
    begun = [read(sandbox, "checkout.session.completed", each) for each in outcomes.values()]
    clock.advance(by=timedelta(days=5))
    paid, failed = (read(sandbox, "checkout.session.completed", each) for each in outcomes.values())

    assert [(each.payments[0].status, each.checkout and each.checkout.payment_status) for each in begun] == [
        ("processing", "unpaid")
    ] * 2
    assert paid.checkout is not None
    assert (paid.checkout.payment_status, paid.payments[0].status) == ("paid", "succeeded")
    assert failed.checkout is not None
    assert (failed.checkout.payment_status, failed.payments[0].status) == ("unpaid", "failed")
    assert failed.payments[0].failure_code == "insufficient_funds"
    assert paid.payments[0].method is not None
    assert (paid.payments[0].method.kind, paid.payments[0].method.last4) == ("bank_debit", "6789")


def test_a_dispute_takes_the_money_and_winning_it_gives_it_back(sandbox: Side) -> None:
    opened = sandbox.provider.open_checkout(purchase(sandbox), key=sandbox.key("buy"))
    paid = checkout.pay(opened.id, Payer(number=DISPUTED))
    found = read(sandbox, "payment_intent.succeeded", paid["payment_intent"])
    (dispute,) = found.disputes
    sandbox.api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    won = read(sandbox, "charge.dispute.closed", dispute.id)

    assert (dispute.status, dispute.is_open, dispute.amount_minor) == ("needs_response", True, 9_800)
    assert (dispute.fee_minor, dispute.withdrawn_minor) == (1_500, 11_300)
    assert found.payments[0].is_disputed
    assert [(each.status, each.is_open, each.withdrawn_minor) for each in won.disputes] == [("won", False, 0)]
