"""What every final invoice has, whoever made it: a number of its legal entity, and seller and buyer as they were."""

from collections.abc import Sequence

from billing.models import BillingProfile, Invoice, LegalEntity
from billing.services import numbers


def stand_as(invoice: Invoice, seller: LegalEntity, buyer: BillingProfile | None) -> None:
    """Seller and buyer are written down as they are now: what they become later changes no invoice."""
    invoice.issued_by = {
        "name": seller.name,
        "address": seller.address,
        "country": seller.country,
        "tax_id": seller.tax_id,
    }
    invoice.billed_to = {"name": invoice.organization.name, "email": invoice.organization.billing_email}
    if buyer:
        named = ("line1", "line2", "postal_code", "city", "region", "country", "tax_id")
        invoice.billed_to |= {name: getattr(buyer, name) for name in named}
        invoice.billed_to["name"] = buyer.legal_name or invoice.organization.name


def number(issued: Sequence[Invoice]) -> None:
    """Give invoices of one legal entity its next numbers, in the transaction that makes them final."""
    entity = issued[0].legal_entity
    assert entity is not None  # noqa: S101 - whoever issues is known by then
    first = numbers.take(entity, "invoice", len(issued))
    for sequence, invoice in enumerate(issued, first):
        invoice.sequence, invoice.number = sequence, numbers.written(entity, "invoice", sequence)
