"""The printed invoice."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from pypdf import PdfReader
from pytest_django import Settings

from billing.models import NANO, BillingPeriod, Invoice, InvoiceLine, Subscription
from billing.services import closing, invoice_pdf
from billing.services.periods import mirror
from billing.services.usage import Bucket, record_buckets
from tests import make
from tests.clocks import at

FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def text_of(document: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(document)).pages)


def closed_month(tokens: int = 16_250_000) -> BillingPeriod:
    """January of Hosting Pro, closed."""
    plan = make.plan(
        "hosting-pro", name="Hosting Pro", price_minor=12_900, overage_nano=250_000, token_allotment=15_000_000
    )
    organization = make.organization("Lighthouse Bakery", billing_email="accounts@lighthouse.test")
    subscription = make.subscription(organization, plan)
    mirror(subscription)
    with at(FEBRUARY):
        hour = datetime(2026, 1, 5, tzinfo=UTC)
        record_buckets(subscription, subscription.pk, [Bucket("sales", "claude", hour, tokens_input=tokens)])
        closing.close(subscription.periods.get())
    return subscription.periods.get()


def line(invoice: Invoice, **fields: Any) -> InvoiceLine:
    values: dict[str, Any] = {
        "kind": InvoiceLine.Kind.BASE,
        "description": "1 x Hosting Pro (at $129.00 / month)",
        "unit_price_nano": 12_900 * NANO,
        "amount_minor": 12_900,
        "period_start": FEBRUARY,
        "period_end": MARCH,
        "position": invoice.lines.count(),
        "provider_line_id": f"il_{invoice.lines.count()}",
    }
    return InvoiceLine.objects.create(invoice=invoice, **values | fields)


def renewal(**fields: Any) -> Invoice:
    """February's base price and January's overage, paid."""
    period = closed_month()
    subscription: Subscription = period.subscription
    values: dict[str, Any] = {
        "number": "A1B2C3-0002",
        "status": Invoice.Status.PAID,
        "subtotal_minor": 13_213,
        "total_minor": 13_213,
        "paid_minor": 13_213,
        "issued_at": FEBRUARY + timedelta(minutes=4),
        "paid_at": FEBRUARY + timedelta(minutes=5),
    }
    invoice = make.invoice(subscription, **values | fields)
    line(invoice)
    line(
        invoice,
        kind=InvoiceLine.Kind.OVERAGE,
        description="1,250,000 tokens beyond the 15,000,000 included",
        quantity=1_250_000,
        unit_price_nano=250_000,
        amount_minor=313,
        period_start=period.starts_at,
        period_end=period.ends_at,
        billing_period=period,
    )
    return invoice


def test_tokens_that_are_priced_in_steps_are_written_out_over_several_lines() -> None:
    invoice = renewal()
    steps = "1,000,000 at $2.50 a million, 200,000 at $2.25 a million, 50,000 at $2.00 a million"
    invoice.lines.filter(kind="overage").update(description=f"1,250,000 tokens beyond the 15,000,000 included: {steps}")
    BillingPeriod.objects.update(overage_rate={"scheme": "graduated", "tiers": [], "package_size": 0})

    text = " ".join(text_of(invoice_pdf.render(invoice)).split())

    assert steps in text
    assert "in steps" in text


def test_why_no_tax_is_charged_is_written_below_the_sums() -> None:
    note = "Reverse charge: the customer accounts for the tax"

    text = text_of(invoice_pdf.render(renewal(tax_note=note)))

    assert text.index("Still due") < text.index(note)
    assert text.count(note) == 1
    assert "Tax $0.00" in " ".join(text.split())


def test_it_says_who_owes_whom_how_much_for_what(settings: Settings) -> None:
    settings.INVOICE_ISSUER = "Mainstay Demo Ltd\n1 Harbour Street"
    invoice = renewal()

    document = invoice_pdf.render(invoice)

    assert document.startswith(b"%PDF-")
    assert len(PdfReader(io.BytesIO(document)).pages) == 1
    text = text_of(document)
    for expected in (
        "Mainstay Demo Ltd",
        "1 Harbour Street",
        "Lighthouse Bakery",
        "accounts@lighthouse.test",
        "A1B2C3-0002",
        "PAID",
        "1 Feb 2026",
        "1 Jan 2026 to 1 Feb 2026",
        "1 x Hosting Pro (at $129.00 / month)",
        "$129.00",
        "1,250,000 tokens beyond the 15,000,000 included",
        "$2.50 / 1M",
        "$3.13",
        "$132.13",
        "16,250,000",
        invoice.lines.get(kind="overage").billing_period.evidence["sha256"],  # type: ignore[union-attr]
    ):
        assert expected in text


def test_the_same_rows_give_the_same_bytes() -> None:
    invoice = renewal()

    assert invoice_pdf.render(invoice) == invoice_pdf.render(Invoice.objects.get(pk=invoice.pk))


@pytest.mark.parametrize(
    ("status", "stamp", "due"),
    [
        ("draft", "DRAFT", "$0.00"),
        ("open", "OPEN", "$132.13"),
        ("uncollectible", "UNPAID", "$0.00"),
        ("void", "VOID", "$0.00"),
    ],
)
def test_its_stamp_says_whether_it_is_paid(status: str, stamp: str, due: str) -> None:
    text = text_of(invoice_pdf.render(renewal(status=status, paid_minor=0, paid_at=None)))

    assert stamp in text
    assert "Still due" in text
    assert due in text
    assert "PAID" not in text.replace("UNPAID", "")


@pytest.mark.parametrize("name", ["株式会社 灯台 🥐", "W" * 300])
def test_no_name_makes_it_fail_or_goes_unseen(name: str) -> None:
    invoice = renewal()
    invoice.organization.name = name

    text = text_of(invoice_pdf.render(invoice))

    assert "□□□□ □□ □" in text or "WWW…" in text
    assert ("□ stands for a sign that this document cannot print." in text) == ("□" in text)


def font_of(signs: str, path: Path) -> Path:
    """A font with a square for each of these signs."""
    names = [".notdef", *(f"sign{ord(sign)}" for sign in signs)]
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 700), (700, 700), (700, 0)):
        pen.lineTo(corner)
    pen.closePath()
    square = pen.glyph()
    builder = FontBuilder(unitsPerEm=1000)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(sign): f"sign{ord(sign)}" for sign in signs})
    builder.setupGlyf(dict.fromkeys(names, square))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (800, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": path.stem, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return path


def test_further_fonts_write_what_ours_cannot(settings: Settings, tmp_path: Path) -> None:
    settings.INVOICE_FONTS = [font_of("株式", tmp_path / "first.ttf"), font_of("会社", tmp_path / "second.ttf")]
    invoice = renewal()
    invoice.organization.name = "Acme 株式会社"

    first, second = invoice_pdf.render(invoice), invoice_pdf.render(invoice)

    assert first == second
    text = text_of(first).replace(" ", "")
    assert "Acme株式会社" in text
    assert "□" not in text


@pytest.mark.parametrize("name", ["Acme שלום עולם", "Acme مرحبا"], ids=["hebrew", "arabic"])
def test_names_that_run_from_the_right_read_as_they_are_written(name: str) -> None:
    invoice = renewal()
    invoice.organization.name = name

    text = text_of(invoice_pdf.render(invoice))

    assert name in text
    assert "□" not in text
    assert "accounts@lighthouse.test" in text


@pytest.mark.parametrize(("currency", "total"), [("jpy", "¥13,213"), ("kwd", "KWD 13.213"), ("eur", "€132.13")])
def test_amounts_have_the_digits_of_their_currency(currency: str, total: str) -> None:
    assert total in text_of(invoice_pdf.render(renewal(currency=currency)))


def test_many_lines_run_over_to_more_pages() -> None:
    invoice = renewal()
    for number in range(40):
        line(invoice, kind=InvoiceLine.Kind.OTHER, description=f"Extra {number}", unit_price_nano=None, amount_minor=-1)

    document = invoice_pdf.render(invoice)

    assert len(PdfReader(io.BytesIO(document)).pages) == 3
    assert "Extra 39" in text_of(document)
    assert "-$0.01" in text_of(document)


def test_an_invoice_without_a_subscription_or_a_number_is_printed_too() -> None:
    invoice = renewal(status="draft", number="")
    invoice.subscription = None
    InvoiceLine.objects.update(billing_period=None)

    text = text_of(invoice_pdf.render(invoice))

    assert "Draft" in text
    assert "Plan" not in text
    assert "Tokens used" not in text


def test_usage_of_a_plan_without_an_allotment_fills_the_whole_bar() -> None:
    invoice = renewal()
    BillingPeriod.objects.update(token_allotment=0, overage_tokens=16_250_000, unit_price_nano=None)

    assert "16,250,000" in text_of(invoice_pdf.render(invoice))


def test_it_is_saved_under_its_number() -> None:
    pk = UUID("018f0000-0000-7000-8000-000000000001")

    assert invoice_pdf.file_name(Invoice(number="A1B2C3-0002")) == "invoice-A1B2C3-0002.pdf"
    assert invoice_pdf.file_name(Invoice(pk=pk)) == f"invoice-{pk}.pdf"
