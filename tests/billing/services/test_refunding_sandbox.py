"""Money goes back at the provider: in part, whole, and through time-outs before and after it acted."""

import pytest

from billing.models import CreditNote, Invoice, LedgerEntry, Payment, Refund
from billing.providers import provider
from billing.providers.protocol import ProviderError, RefundSpec
from billing.providers.sandbox.faults import Fault, injected
from billing.services import invoice_verification, refunding
from platform_core import clock
from tests.billing import month, shop

PAID = 12_900


@pytest.fixture
def payment() -> Payment:
    """Hosting Pro, bought and paid for: 129.00."""
    month.subscribed()
    return Payment.objects.select_related("invoice").get()


def refund(payment: Payment, amount: int | None = None, key: str = "k") -> Refund:
    return refunding.refund(payment, amount, reason="broken", key=key, by=None)


def balances() -> dict[str, int]:
    return {kind: total for (_, kind, _), total in LedgerEntry.objects.all().balances().items() if total}


def test_a_purchase_that_was_paid_is_in_the_books(payment: Payment) -> None:
    assert (payment.status, payment.amount_minor, payment.invoice) == ("succeeded", PAID, Invoice.objects.get())
    found = balances()
    assert found["revenue"] == -PAID
    assert "receivable" not in found
    assert found["provider_clearing"] + found["fees"] == PAID


def test_a_part_and_then_the_rest(payment: Payment) -> None:
    first = refund(payment, 5_000, "first")
    second = refund(payment, None, "second")

    assert [(row.status, row.amount_minor) for row in (first, second)] == [("succeeded", 5_000), ("succeeded", 7_900)]
    assert provider().payments_of(invoice_id=Invoice.objects.get().provider_invoice_id)[0].refunded_minor == PAID
    assert list(CreditNote.objects.order_by("sequence").values_list("total_minor", flat=True)) == [5_000, 7_900]
    found = balances()
    assert "revenue" not in found
    assert "receivable" not in found
    assert refunding.refundable_minor(payment) == 0
    assert list(invoice_verification.problems()) == []


def test_what_we_hear_of_it_afterwards_changes_nothing(payment: Payment) -> None:
    refund(payment, 5_000)
    before = balances()

    shop.catch_up()

    assert balances() == before
    assert (Refund.objects.count(), CreditNote.objects.count()) == (1, 1)


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.SERVER_ERROR, Fault.RATE_LIMITED])
def test_an_answer_that_is_lost_is_asked_for_again_and_acts_once(payment: Payment, fault: Fault) -> None:
    with injected(fault, method="POST", path="/v1/refunds", times=9), pytest.raises(ProviderError):
        refund(payment, 5_000)
    assert Refund.objects.get().status == "requested"
    assert refunding.refundable_minor(payment) == PAID - 5_000

    again = refund(payment, 5_000)

    assert (again.status, Refund.objects.count()) == ("succeeded", 1)
    assert provider().payments_of(invoice_id=Invoice.objects.get().provider_invoice_id)[0].refunded_minor == 5_000


def test_by_the_clock_too(payment: Payment) -> None:
    with injected(Fault.TIMEOUT_AFTER, method="POST", path="/v1/refunds", times=9), pytest.raises(ProviderError):
        refund(payment, 5_000)
    Refund.objects.update(created_at=clock.now() - refunding.PATIENCE)

    assert refunding.settle_requested() == {"settled": 1, "failed": 0}

    assert Refund.objects.get().status == "succeeded"
    assert CreditNote.objects.get().total_minor == 5_000


def test_a_refund_made_at_the_provider_is_heard_of(payment: Payment) -> None:
    provider().refund(RefundSpec(payment.provider_payment_id, 1_000), key="theirs")
    shop.catch_up()

    assert (Refund.objects.get().amount_minor, CreditNote.objects.get().total_minor) == (1_000, 1_000)


def test_what_no_invoice_was_made_for_goes_back_without_a_credit_note(payment: Payment) -> None:
    Payment.objects.update(invoice=None)
    payment.refresh_from_db()

    row = refund(payment, 5_000)

    assert (row.status, row.amount_minor, CreditNote.objects.exists()) == ("succeeded", 5_000, False)
    assert refunding.refundable_minor(payment) == PAID - 5_000
