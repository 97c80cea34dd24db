"""Invoices as customers read and keep them."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from pypdf import PdfReader

from billing.models import Invoice, InvoiceLine
from orgs.models import Organization
from tests import make
from tests.pages import Browser


def paid(organization: Organization, number: str = "MS-0001", **fields: object) -> Invoice:
    """Base and overage, paid."""
    invoice = make.invoice(
        make.subscription(organization),
        number=number,
        status=Invoice.Status.PAID,
        subtotal_minor=13_212,
        total_minor=13_212,
        paid_minor=13_212,
        **fields,
    )
    span = {"period_start": invoice.period_start, "period_end": invoice.period_end}
    for position, (kind, text, quantity, amount) in enumerate(
        [("base", "Hosting Pro", 1, 12_900), ("overage", "Tokens beyond 15,000,000", 1_248_000, 312)]
    ):
        InvoiceLine.objects.create(
            invoice=invoice, kind=kind, description=text, quantity=quantity, amount_minor=amount,
            provider_line_id=str(position), position=position, **span,
        )  # fmt: skip
    return invoice


@pytest.fixture
def browser(organization: Organization) -> Browser:
    return Browser(make.person(organization))


def test_the_list_shows_number_date_plan_status_and_total(browser: Browser, organization: Organization) -> None:
    invoice = paid(organization)

    page = browser.read("/invoices")

    assert "MS-0001 1 Jan 2026" in page.text
    assert "Paid $132.12" in page.text
    assert f"/invoices/{invoice.pk}" in page.links


def test_a_draft_is_not_shown_anywhere(browser: Browser, organization: Organization) -> None:
    draft = make.invoice(make.subscription(organization), status=Invoice.Status.DRAFT)

    assert "No invoices yet" in browser.read("/invoices").text
    assert browser.read(f"/invoices/{draft.pk}").status == 404
    assert browser.read(f"/invoices/{draft.pk}/pdf").status == 404


def test_the_list_is_read_a_page_at_a_time(browser: Browser, organization: Organization) -> None:
    subscription = make.subscription(organization)
    for number in range(27):
        issued = subscription.current_period_start + timedelta(days=number)
        make.invoice(subscription, number=f"MS-{number:04}", issued_at=issued)

    first, second = browser.read("/invoices"), browser.read("/invoices", page="2")

    assert ("MS-0026" in first.text, "MS-0001" in first.text, "Page 1 of 2" in first.text) == (True, False, True)
    assert ("MS-0026" in second.text, "MS-0001" in second.text, "MS-0000" in second.text) == (False, True, True)
    assert browser.read("/invoices", page="nonsense").status == 200


def test_one_invoice_says_what_it_is_made_of(browser: Browser, organization: Organization) -> None:
    page = browser.read(f"/invoices/{paid(organization).pk}")

    assert page.heading == "MS-0001"
    assert "Hosting Pro 1 Jan 2026 to 1 Feb 2026 1 $129.00" in page.text
    assert "Tokens beyond 15,000,000 1 Jan 2026 to 1 Feb 2026 1,248,000 $3.12" in page.text
    assert "Total $132.12 Paid $132.12" in page.text
    assert "Tax" not in page.text


def test_tax_is_shown_where_there_is_any(browser: Browser, organization: Organization) -> None:
    page = browser.read(f"/invoices/{paid(organization, tax_minor=2_300).pk}")

    assert "Subtotal $132.12 Tax $23.00" in page.text


def test_a_failed_payment_says_why_and_what_comes_next(browser: Browser, organization: Organization) -> None:
    failed = make.invoice(make.subscription(organization), number="MS-2", payment_error="Your card was declined.")

    page = browser.read(f"/invoices/{failed.pk}")

    assert "The payment failed: Your card was declined." in page.text
    assert "tried again in the coming days" in page.text
    assert "Write to us for another way to pay." in page.text


@pytest.mark.parametrize(
    ("status", "next_attempt_at", "told", "payable"),
    [
        ("open", datetime(2026, 3, 4, tzinfo=UTC), "The card is tried again on 4 Mar 2026", True),
        ("uncollectible", None, "The card is not tried again.", True),
        ("void", None, "", False),
        ("paid", None, "", False),
    ],
    ids=["open", "uncollectible", "void", "paid"],
)
def test_an_unpaid_invoice_can_be_paid_on_the_providers_page(
    browser: Browser,
    organization: Organization,
    status: str,
    next_attempt_at: datetime | None,
    told: str,
    payable: bool,
) -> None:
    invoice = make.invoice(
        make.subscription(organization),
        number="MS-2",
        status=status,
        payment_error="Your card was declined.",
        payment_url="https://pay.example/i/1",
        next_attempt_at=next_attempt_at,
    )

    page = browser.read(f"/invoices/{invoice.pk}")

    assert told in page.text
    assert ("The payment failed" in page.text) == payable
    assert ('href="https://pay.example/i/1"' in page.html) == payable


def test_the_pdf_is_the_same_invoice(browser: Browser, organization: Organization) -> None:
    invoice = paid(organization)

    page = browser.read(f"/invoices/{invoice.pk}/pdf")

    text = PdfReader(io.BytesIO(page.response.content)).pages[0].extract_text()
    assert page.response["Content-Type"] == "application/pdf"
    assert page.response["Content-Disposition"] == 'attachment; filename="invoice-MS-0001.pdf"'
    assert "MS-0001" in text
    assert "132.12" in text


@pytest.mark.parametrize("what", ["", "/pdf"])
def test_a_stranger_s_invoice_is_as_unknown_as_none(browser: Browser, what: str) -> None:
    theirs = paid(make.organization())

    page = browser.read(f"/invoices/{theirs.pk}{what}")

    assert page.status == 404
    assert page.text == browser.read(f"/invoices/00000000-0000-7000-8000-000000000000{what}").text
    assert "MS-0001" not in page.html


@pytest.mark.parametrize("what", ["", "/pdf"])
def test_nobody_is_asked_to_sign_in(organization: Organization, what: str) -> None:
    path = f"/invoices/{paid(organization).pk}{what}"

    assert Browser().read(path).location == f"/accounts/login/?next={path}"
