"""Every final invoice computed again: one changed unit is found, wherever it is."""

from datetime import date
from typing import Any

import pytest

from billing.models import (
    CreditNoteLine,
    Invoice,
    InvoiceLine,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
    LegalEntity,
    TaxRate,
)
from billing.services import crediting, finalizing, invoice_evidence, invoice_verification, taxes
from orgs.models import Organization
from platform_core import clock
from tests import make
from tests.billing import unguarded


@pytest.fixture
def invoice(organization: Organization) -> Invoice:
    TaxRate.objects.create(country="IE", rate_ppm=230_000, starts_on=date(2020, 1, 1))
    return finalizing.finalize(make.draft(organization, 1_000, 333))


def problems() -> list[str]:
    return [problem.partition("): ")[2] or problem for problem in invoice_verification.problems()]


def books(receivable: int, revenue: int) -> str:
    return f"receivable {receivable}, revenue {revenue}, tax_payable -307"


def test_nothing_is_wrong_with_what_was_left_alone(invoice: Invoice) -> None:
    assert problems() == []


@pytest.mark.parametrize("column", ["subtotal_minor", "tax_minor", "total_minor"])
def test_one_unit_of_a_figure(invoice: Invoice, column: str) -> None:
    value = getattr(invoice, column)
    Invoice.objects.update(**{column: value + 1})

    assert f"{column} is {value + 1}, sealed as {value}" in problems()


@pytest.mark.parametrize(
    "changes", [{"amount_minor": 1_001}, {"tax_minor": 229}, {"quantity": 2}, {"description": "Something else"}]
)
def test_one_unit_of_a_line(invoice: Invoice, changes: dict[str, Any]) -> None:
    InvoiceLine.objects.filter(position=0).update(**changes)

    assert any(problem.startswith("line 1 is") for problem in problems())


def test_figures_that_were_sealed_wrong(invoice: Invoice) -> None:
    """Whoever alters figures, evidence and seal is found by computing them again, and by the books."""
    line = invoice.lines.all()[0]
    line.amount_minor += 1
    line.save()
    invoice.subtotal_minor += 1
    invoice.total_minor += 1
    invoice.evidence = invoice_evidence.sealed(invoice, list(invoice.lines.all()), taxes.Treatment(230_000))
    invoice.save()

    assert problems() == [
        "amounts of lines: [1001, 333] instead of [1000, 333]",
        "subtotal: 1334 instead of 1333",
        "total: 1641 instead of 1640",
        f"the ledger has {books(1640, -1333)} instead of {books(1641, -1334)}",
    ]


def test_altered_evidence_and_another_rule(invoice: Invoice) -> None:
    invoice.evidence["lines"][0]["quantity"] = 7
    invoice.save()
    assert problems() == ["the evidence is missing or was altered after it was sealed"]

    document = {name: value for name, value in invoice.evidence.items() if name != "sha256"} | {"rule": "gone/9"}
    invoice.evidence = {**document, "sha256": invoice_evidence._sha256(document)}
    invoice.save()
    assert problems() == ["the evidence names the rule 'gone/9', which is not known"]


def test_a_line_that_is_gone(invoice: Invoice) -> None:
    invoice.lines.filter(position=1).delete()

    assert "it has 1 lines, sealed with 2" in problems()


def test_a_gap_in_the_numbers(invoice: Invoice) -> None:
    entity = LegalEntity.objects.get()
    LegalEntity.objects.update(invoice_count=2)

    assert problems() == [f"{entity}: 1 numbers of the series invoice, from 1 to 1, where 2 were given"]


def test_one_unit_of_a_credit_notes_line(invoice: Invoice) -> None:
    note = crediting.credit(invoice, 1_640, reason="broken", key="", by=None)
    assert problems() == []
    line = CreditNoteLine.objects.get(position=0)
    CreditNoteLine.objects.filter(pk=line.pk).update(amount_minor=line.amount_minor - 1)

    assert list(invoice_verification.problems()) == [
        f"Credit note {note.pk} ({note}): its lines come to 1639 with 307 tax",
    ]


def transaction_of(organization: Organization, key: str) -> LedgerTransaction:
    return LedgerTransaction.objects.create(
        organization=organization,
        kind=LedgerTransaction.Kind.INVOICE,
        idempotency_key=key,
        occurred_at=clock.now(),
        source_type="orgs.organization",
        source_id=organization.pk,
    )


def test_a_fact_without_entries_and_one_on_another_organizations_account(invoice: Invoice) -> None:
    assert list(invoice_verification.of_ledger()) == []
    unguarded.ledger()
    empty, row = transaction_of(invoice.organization, "empty"), transaction_of(make.organization(), "stray")
    accounts = {account.kind: account for account in LedgerAccount.objects.all()}
    stray, _ = (
        LedgerEntry.objects.create(transaction=row, account=accounts[kind], currency="usd", amount_minor=amount)
        for kind, amount in (("receivable", 5), ("revenue", -5))
    )

    assert list(invoice_verification.of_ledger()) == [
        f"Transaction {empty.pk} has no entries",
        f"Entry {stray.pk} is on another organization's account",
    ]
