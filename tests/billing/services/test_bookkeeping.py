"""What each fact does to the books."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.models import CreditNote, Dispute, Invoice, Payment, Refund, Wallet, WalletGrant, WalletMovement
from billing.services import bookkeeping
from billing.services.ledger import Posting

OWNER = uuid4()
amounts = st.integers(1, 10**12)


def of(model: Any, **values: Any) -> Any:
    return model(organization_id=OWNER, currency="usd", **values)


def told(*postings: Posting) -> dict[str, dict[str, int]]:
    return {each.kind.value: {account.value: amount for account, amount in each.amounts.items()} for each in postings}


def test_an_invoice_and_what_becomes_of_it() -> None:
    invoice = of(Invoice, total_minor=119, tax_minor=19)

    assert told(
        bookkeeping.finalized(invoice),
        bookkeeping.voided(invoice),
        bookkeeping.written_off(invoice, 100),
        bookkeeping.recovered(invoice, 100),
    ) == {
        "invoice": {"receivable": 119, "revenue": -100, "tax_payable": -19},
        "void": {"receivable": -119, "revenue": 100, "tax_payable": 19},
        "write_off": {"bad_debt": 100, "receivable": -100},
        "recovery": {"receivable": 100, "bad_debt": -100},
    }


def test_money_that_came_went_back_or_is_fought_over() -> None:
    assert told(*bookkeeping.paid(of(Payment, amount_minor=119, fee_minor=4))) == {
        "payment": {"provider_clearing": 119, "receivable": -119},
        "fee": {"fees": 4, "provider_clearing": -4},
    }
    refund = of(Refund, amount_minor=19)
    assert told(bookkeeping.refunded(refund), bookkeeping.refund_failed(refund)) == {
        "refund": {"receivable": 19, "provider_clearing": -19},
        "refund_failed": {"receivable": -19, "provider_clearing": 19},
    }
    note = of(CreditNote, total_minor=19, tax_minor=3)
    assert told(bookkeeping.credited(note), bookkeeping.credit_voided(note)) == {
        "credit_note": {"revenue": 16, "tax_payable": 3, "receivable": -19},
        "credit_note_void": {"revenue": -16, "tax_payable": -3, "receivable": 19},
    }


@pytest.mark.parametrize(
    ("status", "ends"),
    [
        ("open", {}),
        ("won", {"dispute_won": {"provider_clearing": 119, "disputed": -119}}),
        ("lost", {"dispute_lost": {"bad_debt": 119, "disputed": -119}}),
    ],
)
def test_a_dispute(status: str, ends: dict[str, Any]) -> None:
    dispute = of(Dispute, amount_minor=119, fee_minor=15, status=status)

    assert told(*bookkeeping.disputed(dispute)) == {
        "dispute": {"disputed": 119, "provider_clearing": -119},
        "fee": {"fees": 15, "provider_clearing": -15},
        **ends,
    }


@pytest.mark.parametrize(
    ("kind", "funded", "forfeited"),
    [
        ("promotion", "promotions", "promotions"),
        ("prepaid", "receivable", "revenue"),
        ("credit_note", "receivable", "revenue"),
    ],
)
def test_credits(kind: str, funded: str, forfeited: str) -> None:
    grant = WalletGrant(wallet=of(Wallet), kind=kind, amount_minor=50)

    def moved(what: str) -> Posting:
        return bookkeeping.moved(WalletMovement(grant=grant, kind=what, amount_minor=20))

    assert told(bookkeeping.granted(grant), moved("burn"), moved("expiry"), moved("return")) == {
        "grant": {funded: 50, "wallet": -50},
        "burn": {"wallet": 20, "receivable": -20},
        "expiry": {"wallet": 20, forfeited: -20},
        "credits_returned": {"wallet": 20, funded: -20},
    }


@given(amounts, st.integers(0, 10**12), st.sampled_from(["open", "won", "lost"]))
def test_every_fact_sums_to_zero(amount: int, part: int, status: str) -> None:
    invoice = of(Invoice, total_minor=amount, tax_minor=part)
    facts = [
        bookkeeping.finalized(invoice),
        *bookkeeping.paid(of(Payment, amount_minor=amount, fee_minor=part)),
        bookkeeping.credited(of(CreditNote, total_minor=amount, tax_minor=part)),
        *bookkeeping.disputed(of(Dispute, amount_minor=amount, fee_minor=part, status=status)),
    ]

    assert [sum(fact.amounts.values()) for fact in facts] == [0] * len(facts)
