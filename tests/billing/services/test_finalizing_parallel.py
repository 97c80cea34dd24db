"""Fifty invoices become final at the same moment: fifty numbers in a row. On both databases."""

from pathlib import Path

import pytest

from billing.models import Invoice, LedgerTransaction
from billing.services import finalizing, numbers
from orgs.models import Organization
from tests import make
from tests.processes import race, shared_database

pytestmark = pytest.mark.django_db(transaction=True)
FIFTY = 50


def test_fifty_at_once_have_fifty_numbers_in_a_row(organization: Organization, tmp_path: Path) -> None:
    numbers.legal_entity()
    drafts = [make.draft(organization) for _ in range(FIFTY)]

    def work(number: int) -> int | None:
        return finalizing.finalize(drafts[number]).sequence

    with shared_database(tmp_path):
        assert sorted(race(FIFTY, work)) == list(range(1, FIFTY + 1))

        assert Invoice.objects.values("number").distinct().count() == FIFTY
        assert LedgerTransaction.objects.count() == FIFTY


def test_one_invoice_made_final_by_many_at_once_has_one_number(organization: Organization, tmp_path: Path) -> None:
    draft = make.draft(organization)

    with shared_database(tmp_path):
        assert set(race(8, lambda _: finalizing.finalize(draft).number)) == {"INV-000001"}

        assert LedgerTransaction.objects.count() == 1
