"""Seller and buyer stand on an invoice as they were."""

from billing.models import BillingProfile, LegalEntity
from billing.services import issuing, numbers
from orgs.models import Organization
from tests import make


def test_what_they_become_later_changes_no_invoice(organization: Organization) -> None:
    entity, invoice = numbers.legal_entity(), make.draft(organization)
    buyer = BillingProfile(organization=organization, line1="1 Quay", city="Kiel", country="DE", tax_id="DE123456789")

    issuing.stand_as(invoice, entity, buyer)
    invoice.save()
    LegalEntity.objects.update(name="Another Ltd", address="")
    invoice.refresh_from_db()

    assert invoice.issued_by == {
        "name": "Mainstay Demo Ltd",
        "address": "1 Harbour Street\nDublin, Ireland",
        "country": "IE",
        "tax_id": "",
    }
    assert invoice.billed_to == {
        "name": "Harbour Bakery",
        "email": organization.billing_email,
        "line1": "1 Quay",
        "line2": "",
        "postal_code": "",
        "city": "Kiel",
        "region": "",
        "country": "DE",
        "tax_id": "DE123456789",
    }


def test_numbers_follow_each_other_in_the_order_given(organization: Organization) -> None:
    entity = numbers.legal_entity()
    drafts = [make.draft(organization, legal_entity=entity) for _ in range(3)]

    issuing.number(drafts)

    assert [(draft.sequence, draft.number) for draft in drafts] == [
        (1, "INV-000001"),
        (2, "INV-000002"),
        (3, "INV-000003"),
    ]
