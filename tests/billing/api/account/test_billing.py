"""`/api/user/billing/invoices` and the download."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from billing.models import NANO, Invoice, InvoiceLine
from platform_core.models import AuditEvent
from tests import make
from tests.clients import ApiClient, PersonClient

INVOICES = "/api/user/billing/invoices"
FEBRUARY, MARCH = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def invoice(owner: PersonClient) -> Invoice:
    """An invoice of one line."""
    invoice = make.invoice(make.subscription(owner.organization), number="A-2", issued_at=FEBRUARY)
    InvoiceLine.objects.create(
        invoice=invoice,
        kind=InvoiceLine.Kind.BASE,
        description="1 x Hosting",
        unit_price_nano=2_900 * NANO,
        amount_minor=2_900,
        period_start=FEBRUARY,
        period_end=MARCH,
        provider_line_id="il_1",
    )
    return invoice


def download(invoice: Invoice) -> str:
    return f"/api/user/billing/download-invoice/{invoice.pk}"


LINE = {
    "kind": "base",
    "description": "1 x Hosting",
    "quantity": 1,
    "unitPriceNano": 2_900 * NANO,
    "amountMinor": 2_900,
    "discountMinor": 0,
    "taxMinor": 0,
    "periodStart": "2026-02-01T00:00:00.000000Z",
    "periodEnd": "2026-03-01T00:00:00.000000Z",
}


def test_invoices_of_the_organization_in_use(member: PersonClient, invoice: Invoice) -> None:
    body = member.get(INVOICES).json()

    assert body["meta"] == {"page": 1, "pageSize": 25, "total": 1}
    assert body["items"] == [
        {
            "id": str(invoice.pk),
            "subscriptionId": str(invoice.subscription_id),
            "number": "A-2",
            "status": "open",
            "currency": "USD",
            "subtotalMinor": 2_900,
            "discountMinor": 0,
            "taxMinor": 0,
            "totalMinor": 2_900,
            "paidMinor": 0,
            "walletMinor": 0,
            "creditedMinor": 0,
            "dueMinor": 2_900,
            "taxNote": "",
            "periodStart": "2026-01-01T00:00:00.000000Z",
            "periodEnd": "2026-02-01T00:00:00.000000Z",
            "issuedAt": "2026-02-01T00:00:00.000000Z",
            "finalizedAt": None,
            "paidAt": None,
            "paymentError": "",
            "lines": [LINE],
        }
    ]


def test_another_organizations_invoices_are_not_there(outsider: PersonClient, invoice: Invoice) -> None:
    assert outsider.get(INVOICES).json()["items"] == []
    theirs = outsider.post(download(invoice))
    nobodys = outsider.post(f"/api/user/billing/download-invoice/{uuid4()}")
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json() == nobodys.json()


def test_an_invoice_is_downloaded_as_a_pdf(member: PersonClient, invoice: Invoice) -> None:
    answer = member.post(download(invoice))

    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="invoice-A-2.pdf"'
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.content.startswith(b"%PDF-")
    assert not AuditEvent.objects.exists()


def test_a_draft_is_not_an_invoice_yet(owner: PersonClient, invoice: Invoice) -> None:
    Invoice.objects.update(status=Invoice.Status.DRAFT, sequence=None, number="")

    answer = owner.post(download(invoice))

    assert answer.status_code == 409
    assert answer.json() == {"code": "CONFLICT", "message": "This invoice is a draft: it can still change."}
    assert owner.get(INVOICES).json()["items"] == []


def test_a_download_takes_no_body(owner: PersonClient, invoice: Invoice) -> None:
    answer = owner.post(download(invoice), {"format": "html"})

    assert answer.status_code == 400
    assert answer.json()["details"] == {"format": ["Unknown field."]}


def test_strangers_are_asked_who_they_are(anonymous: ApiClient, invoice: Invoice) -> None:
    assert anonymous.get(INVOICES).status_code == 401
    assert anonymous.post(download(invoice)).status_code == 401


DETAILS = "/api/user/billing/details"


def test_billing_details_are_told_and_changed(owner: PersonClient, member: PersonClient) -> None:
    assert set(owner.get(DETAILS).json().values()) == {""}

    answer = owner.patch(DETAILS, {"legalName": "Hafen GmbH", "country": "DE", "taxId": "DE 123 456 789"})

    assert answer.status_code == 200
    assert answer.json() == {
        "legalName": "Hafen GmbH",
        "line1": "",
        "line2": "",
        "postalCode": "",
        "city": "",
        "region": "",
        "country": "DE",
        "taxId": "DE123456789",
    }
    assert member.get(DETAILS).json() == answer.json()
    assert member.patch(DETAILS, {"city": "Kiel"}).status_code == 403
    assert AuditEvent.objects.filter(action="billing_profile.update").count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"country": "XX"}, "country"),
        ({"taxId": "DE123456789"}, "country"),
        ({"country": "DE", "taxId": "nonsense"}, "taxId"),
        ({"legalName": "x" * 121}, "legalName"),
        ({"legalName": 5.5, "vat": "x"}, "vat"),
    ],
)
def test_bad_billing_details_name_their_field(owner: PersonClient, body: dict[str, object], field: str) -> None:
    answer = owner.patch(DETAILS, body)

    assert answer.status_code == 400
    assert field in answer.json()["details"]
    assert not AuditEvent.objects.filter(action="billing_profile.update").exists()
