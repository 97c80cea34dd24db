"""A credit note as a PDF."""

import io
from datetime import date

from pypdf import PdfReader

from billing.models import BillingProfile, CreditNote, TaxRate
from billing.services import credit_note_pdf, crediting, finalizing
from orgs.models import Organization
from tests import make


def test_it_says_what_is_taken_back_of_which_invoice(organization: Organization) -> None:
    TaxRate.objects.create(country="IE", rate_ppm=230_000, starts_on=date(2020, 1, 1))
    BillingProfile.objects.create(
        organization=organization, legal_name="Harbour Ltd", line1="2 Quay", city="Cork", country="IE"
    )
    invoice = finalizing.finalize(make.draft(organization, 1_000))
    note = crediting.credit(invoice, 615, reason="outage in March", key="", by=None)

    document = credit_note_pdf.render(note)

    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(document)).pages)
    for expected in (
        *("CN-000001", "INV-000001", "outage in March", "Mainstay Demo Ltd"),
        *("Harbour Ltd", "2 Quay", "Cork", "Ireland", "Item 1", "$5.00", "$1.15", "$6.15"),
    ):
        assert expected in text, expected
    again = CreditNote.objects.select_related("invoice__organization").get()
    assert credit_note_pdf.render(again) == document
