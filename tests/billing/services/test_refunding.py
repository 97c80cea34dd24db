"""Sending money back: never more than came, once, whatever becomes of the answer."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction

from billing.models import CreditNote, Invoice, LedgerTransaction, Payment, Refund
from billing.providers.protocol import ProviderRefused, RefundFact
from billing.services import payments, refunding
from billing.services.wallet import KeyReused
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput
from platform_core.models import AuditEvent
from platform_core.transactions import InsideTransaction
from tests import make
from tests.processes import race, shared_database


@pytest.fixture
def payment() -> Payment:
    """29.00, which the provider knows nothing of."""
    return make.payment()


def refund(payment: Payment, amount: int | None = None, key: str = "k", reason: str = "broken") -> Refund:
    return refunding.refund(payment, amount, reason=reason, key=key, by=None)


def requested(payment: Payment, amount: int, key: str = "k") -> Refund:
    """One whose answer has not come."""
    return refunding._request(payment, amount, reason="broken", key=key, by=None)


def answered(row: Refund, status: str = "succeeded") -> Refund:
    fact = RefundFact(
        f"re_{row.pk}",
        row.payment.provider_payment_id,
        "",
        status,
        row.amount_minor,
        "usd",
        metadata={"refund": str(row.pk)},
    )
    found = payments.record_refund(fact, observed_at=clock.wall())
    assert found is not None
    return found


@pytest.mark.parametrize("amount", [0, -1, 2_901, 2**63])
def test_more_than_was_paid_is_refused(payment: Payment, amount: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        refund(payment, amount)

    assert refused.value.details == {"amountMinor": ["Between 1 and 2900."]}
    assert not Refund.objects.exists()


def test_what_is_asked_for_already_is_no_longer_there(payment: Payment) -> None:
    requested(payment, 2_000, "first")
    with pytest.raises(InvalidInput):
        requested(payment, 901, "second")
    requested(payment, 900, "third")
    with pytest.raises(Conflict, match="Nothing"):
        refund(payment, key="fourth")

    assert [row.amount_minor for row in Refund.objects.order_by("pk")] == [2_000, 900]


def test_a_reason_is_needed_and_a_payment_that_succeeded(payment: Payment) -> None:
    with pytest.raises(InvalidInput, match="why"):
        refund(payment, 1, reason=" ")
    with pytest.raises(Conflict):
        refund(make.payment(status="failed"), 1)


def test_the_same_key_is_the_same_refund(payment: Payment) -> None:
    row = answered(requested(payment, 900))

    assert refund(payment, 900) == row
    assert refund(payment) == row
    with pytest.raises(KeyReused):
        refund(payment, 901)
    with pytest.raises(KeyReused):
        refund(make.payment(), 900)


def test_a_refusal_frees_what_was_reserved(payment: Payment) -> None:
    with pytest.raises(ProviderRefused):
        refund(payment, 900)

    row = Refund.objects.get()
    assert (row.status, bool(row.failure)) == ("failed", True)
    assert refunding.refundable_minor(payment) == 2_900
    assert not LedgerTransaction.objects.exists()
    assert AuditEvent.objects.filter(action="refund.refuse").count() == 1


def test_a_refusal_that_comes_after_the_answer_changes_nothing(payment: Payment) -> None:
    row = answered(requested(payment, 900))

    refunding._refused(row, "late")

    row.refresh_from_db()
    assert (row.status, row.failure) == ("succeeded", "")
    assert not AuditEvent.objects.filter(action="refund.refuse").exists()


def test_what_a_draft_was_paid_with_goes_back_without_a_credit_note() -> None:
    row = answered(requested(make.payment(make.draft()), 900))

    assert (row.status, LedgerTransaction.objects.get().kind) == ("succeeded", "refund")
    assert not CreditNote.objects.exists()
    assert answered(row, "failed").status == "failed"
    assert Invoice.objects.get().returned_minor == 0


def test_an_answer_that_comes_by_the_event_is_the_same_refund(payment: Payment) -> None:
    row = requested(payment, 900)

    assert answered(row).pk == answered(row).pk == row.pk
    assert LedgerTransaction.objects.get().kind == "refund"
    assert not CreditNote.objects.exists()
    row.refresh_from_db()
    late = RefundFact(row.provider_refund_id, payment.provider_payment_id, "", "pending", 900, "usd")
    payments.record_refund(late, observed_at=row.observed_at - timedelta(seconds=1))
    assert Refund.objects.get().status == "succeeded"
    assert replace(late, status="x").status == "x"


def test_what_was_never_answered_is_asked_for_again_by_the_clock(payment: Payment) -> None:
    row = requested(payment, 900)
    assert refunding.settle_requested() == {"settled": 0, "failed": 0}
    Refund.objects.update(created_at=clock.now() - refunding.PATIENCE)

    assert refunding.settle_requested() == {"settled": 0, "failed": 1}

    row.refresh_from_db()
    assert row.status == "failed"


def test_it_is_never_asked_for_inside_a_transaction(payment: Payment) -> None:
    with pytest.raises(InsideTransaction), transaction.atomic():
        refund(payment, 1)

    assert not Refund.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_ask_for_no_more_than_there_is(tmp_path: Path) -> None:
    owned = make.payment()

    def work(number: int) -> int:
        try:
            return requested(owned, 1_000, f"k{number}").amount_minor
        except InvalidInput:
            return 0

    with shared_database(tmp_path):
        assert sorted(race(6, work)) == [0, 0, 0, 0, 1_000, 1_000]
