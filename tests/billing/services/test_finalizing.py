"""Drafts of our own become final: figures, tax, number, books, evidence."""

from datetime import date

import pytest

from billing.models import BillingProfile, Invoice, LedgerEntry, LedgerTransaction, LegalEntity, TaxRate
from billing.services import finalizing, invoice_evidence, wallet
from billing.services.ledger import Account, balance
from billing.services.taxes import REVERSE_CHARGE
from billing.signals import invoice_finalized
from orgs.models import Organization
from platform_core.errors import Conflict
from platform_core.models import AuditEvent
from tests import make

pytestmark = pytest.mark.django_db


def taxed_at(country: str = "IE", ppm: int = 230_000, *, is_reverse_charged: bool = False) -> TaxRate:
    return TaxRate.objects.create(
        country=country, rate_ppm=ppm, starts_on=date(2020, 1, 1), is_reverse_charged=is_reverse_charged
    )


def entries() -> dict[str, int]:
    return {entry.account.kind: entry.amount_minor for entry in LedgerEntry.objects.select_related("account")}


def test_figures_number_books_and_evidence(organization: Organization) -> None:
    taxed_at()
    told: list[Invoice] = []

    def listen(invoice: Invoice, **_: object) -> None:
        told.append(invoice)

    invoice_finalized.connect(listen)

    invoice = finalizing.finalize(make.draft(organization, 1_000, 333, 333, 333, 1))

    assert (invoice.subtotal_minor, invoice.tax_minor, invoice.total_minor) == (2_000, 460, 2_460)
    assert [line.tax_minor for line in invoice.lines.all()] == [230, 77, 77, 76, 0]
    assert (invoice.number, invoice.status, invoice.tax_note) == ("INV-000001", "open", "VAT 23%")
    assert invoice.issued_by["name"] == "Mainstay Demo Ltd"
    assert invoice.billed_to["name"] == "Harbour Bakery"
    assert entries() == {"receivable": 2_460, "revenue": -2_000, "tax_payable": -460}
    assert invoice_evidence.verify(invoice, list(invoice.lines.all())) == []
    assert [each.pk for each in told] == [invoice.pk]
    event = AuditEvent.objects.get(action="invoice.finalize")
    assert event.changes == {"number": "INV-000001", "total_minor": 2_460}
    invoice_finalized.disconnect(listen)


def test_a_final_invoice_stays_as_it_is(organization: Organization) -> None:
    first = finalizing.finalize(make.draft(organization))
    taxed_at()

    again = finalizing.finalize(first)

    assert (again.number, again.tax_minor, again.finalized_at) == ("INV-000001", 0, first.finalized_at)
    assert LedgerTransaction.objects.count() == 1
    assert LegalEntity.objects.get().invoice_count == 1


def test_a_business_abroad_is_charged_no_tax(organization: Organization) -> None:
    taxed_at("DE", 190_000, is_reverse_charged=True)
    BillingProfile.objects.create(
        organization=organization, legal_name="Hafen GmbH", city="Kiel", country="DE", tax_id="DE123456789"
    )

    invoice = finalizing.finalize(make.draft(organization))

    assert (invoice.tax_minor, invoice.total_minor, invoice.tax_note) == (0, 2_900, REVERSE_CHARGE)
    assert invoice.billed_to["name"] == "Hafen GmbH"
    assert invoice.billed_to["tax_id"] == "DE123456789"


def test_credits_pay_what_they_can(organization: Organization) -> None:
    terms = wallet.Terms(3_000, "welcome")
    wallet.grant(organization.pk, "usd", terms, key="welcome", by=None)

    whole = finalizing.finalize(make.draft(organization, 2_000))
    part = finalizing.finalize(make.draft(organization, 2_000))
    other = finalizing.finalize(make.draft(organization, 2_000, currency="eur"))

    assert (whole.status, whole.wallet_minor, whole.due_minor) == ("paid", 2_000, 0)
    assert (part.status, part.wallet_minor, part.due_minor) == ("open", 1_000, 1_000)
    assert (other.wallet_minor, other.due_minor) == (0, 2_000)
    assert balance(Account.WALLET, "usd", organization.pk) == 0
    assert balance(Account.RECEIVABLE, "usd", organization.pk) == 1_000


def test_many_are_made_final_together_and_one_that_cannot_be_holds_back_its_batch(organization: Organization) -> None:
    drafts = [make.draft(organization, number) for number in range(1, 6)]
    assert finalizing.finalize_all([draft.pk for draft in drafts]) == 5
    assert list(Invoice.objects.order_by("sequence").values_list("sequence", flat=True)) == [1, 2, 3, 4, 5]
    good, bad = make.draft(organization), make.draft(organization)
    bad.lines.all().delete()

    with pytest.raises(Conflict, match="nothing to charge"):
        finalizing.finalize_all([good.pk, bad.pk])

    assert LegalEntity.objects.get().invoice_count == 5
    assert Invoice.objects.filter(status="draft", number="").count() == 2
    assert LedgerTransaction.objects.count() == 5


def test_less_than_nothing_takes_a_credit_note_and_nothing_is_paid_at_once(organization: Organization) -> None:
    with pytest.raises(Conflict, match="less than nothing"):
        finalizing.finalize(make.draft(organization, 100, -101))

    nothing = finalizing.finalize(make.draft(organization, 100, -100))

    assert (nothing.total_minor, nothing.status, nothing.number) == (0, "paid", "INV-000001")
    assert not LedgerTransaction.objects.exists()


def test_the_providers_own_drafts_are_not_ours_to_make_final() -> None:
    theirs = make.invoice(status=Invoice.Status.DRAFT)

    with pytest.raises(Conflict, match="provider makes these final"):
        finalizing.finalize(theirs)

    assert Invoice.objects.get().status == "draft"
