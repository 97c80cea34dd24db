"""Credit notes of an invoice that is void: void with it, whichever was heard of first."""

from billing import conservation
from billing.models import CreditNote, Invoice
from billing.providers import provider
from billing.services import crediting, finalizing, invoice_verification
from orgs.models import Organization
from tests import make
from tests.billing import shop
from tests.billing.providers.sandbox.shop import client
from tests.billing.services.test_dunning import refused
from tests.billing.services.test_given_back import PAID, credit, problems
from tests.billing.services.test_payments import balances


def test_a_credited_invoice_that_the_provider_voids_is_as_if_it_had_never_been() -> None:
    subscription = refused()
    invoice = subscription.invoices.get(status="open")
    before = balances(invoice.organization)
    note = credit(invoice, 500)
    left_open, _ = crediting._request(invoice, 100, reason="x", key="waits", by=None)
    provider().void_invoice(invoice.provider_invoice_id, key="theirs")
    shop.catch_up()

    invoice.refresh_from_db()
    note.refresh_from_db()
    left_open.refresh_from_db()
    assert (invoice.status, invoice.credited_minor) == ("void", 0)
    assert (note.status, note.number, left_open.status) == ("void", "CN-000001", "failed")
    after = balances(invoice.organization)
    assert before["receivable"] == PAID
    assert "receivable" not in after
    assert after["revenue"] == before["revenue"] + PAID
    assert problems() == []
    assert [row.holds for row in conservation.report()] == [True]


def test_a_credit_note_that_is_heard_of_after_its_invoice_is_void_is_nothing() -> None:
    subscription = refused()
    invoice = subscription.invoices.get(status="open")
    there = client().v1.credit_notes.create({"invoice": invoice.provider_invoice_id, "amount": 500})
    provider().void_invoice(invoice.provider_invoice_id, key="theirs")
    shop.catch_up()

    assert there.status == "issued"
    assert not CreditNote.objects.exists()
    assert problems() == []


def test_what_is_still_owed_of_a_void_invoice_is_named(organization: Organization) -> None:
    invoice = finalizing.finalize(make.draft(organization))
    note = credit(invoice, 500)
    Invoice.objects.update(status="void")
    told = f"Invoice {invoice.pk} ({invoice}): it is void, and 2400 is still receivable"

    assert note.total_minor == 500
    assert list(invoice_verification.problems()) == [told]
    assert list(invoice_verification.of_ledger()) == [told]
