"""What follows from an invoice's state, as the provider tells it."""

from typing import Any

import pytest

from billing.models import Invoice, LedgerEntry, LegalEntity
from billing.services import invoice_verification
from billing.services.ledger import Account, balance
from billing.signals import invoice_finalized, invoice_paid
from tests import make
from tests.billing.services.test_invoices import SEEN, applied, base_line, fact, subscribed


def balances(invoice: Invoice) -> dict[str, int]:
    found = LedgerEntry.objects.filter(transaction__organization=invoice.organization_id).balances()
    return {kind: total for (_, kind, _), total in found.items() if total}


def test_a_draft_has_no_number_and_leaves_no_trace_in_the_books() -> None:
    subscription = subscribed()

    invoice = applied(fact(subscription, base_line(subscription), status="draft", number=""), subscription)

    assert (invoice.number, invoice.sequence) == ("", None)
    assert not LedgerEntry.objects.exists()


def test_once_final_it_keeps_its_number_whatever_becomes_of_it() -> None:
    subscription = subscribed()
    for status in ("draft", "open", "open", "void", "void"):
        invoice = applied(fact(subscription, base_line(subscription), status=status), subscription)

    assert (invoice.number, invoice.provider_number, invoice.status) == ("INV-000001", "A-0001", "void")
    assert LegalEntity.objects.get().invoice_count == 1
    assert balances(invoice) == {}
    assert list(invoice_verification.problems()) == []


def test_what_is_given_up_is_a_loss_until_it_is_paid_after_all() -> None:
    subscription = subscribed()
    given = fact(subscription, base_line(subscription), status="uncollectible")
    invoice = applied(given, subscription)
    assert balances(invoice) == {"bad_debt": 2_900, "revenue": -2_900}
    assert (invoice.written_off_minor, invoice.due_minor) == (2_900, 0)

    paid = fact(subscription, base_line(subscription), status="paid", paid_minor=2_900, paid_at=SEEN)
    invoice = applied(paid, subscription)

    assert invoice.written_off_minor == 0
    assert balances(invoice) == {"receivable": 2_900, "revenue": -2_900}
    assert balance(Account.BAD_DEBT, "usd") == 0


def test_what_is_given_up_and_then_void_leaves_no_loss() -> None:
    subscription = subscribed()
    for status in ("uncollectible", "void", "void"):
        invoice = applied(fact(subscription, base_line(subscription), status=status), subscription)

    assert (invoice.status, invoice.written_off_minor) == ("void", 0)
    assert balances(invoice) == {}
    assert list(invoice_verification.problems()) == []
    assert list(invoice_verification.of_ledger()) == []


def test_each_is_announced_once() -> None:
    told: list[str] = []

    def note(sender: Any, signal: Any, **kwargs: Any) -> None:
        told.append("paid" if signal is invoice_paid else "finalized")

    for signal in (invoice_finalized, invoice_paid):
        signal.connect(note)
    subscription = subscribed()
    for status in ("draft", "open", "open", "paid", "paid"):
        applied(fact(subscription, base_line(subscription), status=status), subscription)
    for signal in (invoice_finalized, invoice_paid):
        signal.disconnect(note)

    assert told == ["finalized", "paid"]


@pytest.mark.parametrize("tax", [0, 551])
def test_the_providers_tax_is_shared_out_over_its_lines(tax: int) -> None:
    subscription = subscribed()
    given = fact(subscription, base_line(subscription), tax_minor=tax, total_minor=2_900 + tax)

    invoice = applied(given, subscription)

    assert [line.tax_minor for line in invoice.lines.all()] == [tax]
    assert balances(invoice).get("tax_payable", 0) == -tax
    assert list(invoice_verification.problems()) == []


def test_numbers_are_ours_alone() -> None:
    assert make.invoice().number == "INV-000001"
