"""What a line of ours comes to, and that the seal covers all of an invoice."""

from billing.models import InvoiceLine
from billing.services import finalizing, invoice_evidence
from orgs.models import Organization
from tests import make


def test_a_line_is_quantity_times_price_rounded_once() -> None:
    assert invoice_evidence.line_amount(InvoiceLine(quantity=3, unit_price_nano=500_000_000, amount_minor=9)) == 2
    assert invoice_evidence.line_amount(InvoiceLine(quantity=1, unit_price_nano=None, amount_minor=-9)) == -9


def test_an_invoice_of_the_provider_is_held_to_the_sum_of_its_taxes(organization: Organization) -> None:
    invoice = finalizing.finalize(make.draft(organization))
    lines = list(invoice.lines.all())
    lines[0].tax_minor = 5
    invoice.evidence = invoice_evidence.sealed(invoice, lines, None)

    assert invoice_evidence.verify(invoice, lines) == ["the lines' tax is 5, not 0"]
