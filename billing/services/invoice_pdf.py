"""An invoice as a PDF: one page of A4, the same bytes for the same rows, nothing fetched from anywhere."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from fpdf.enums import Align

from billing import countries
from billing.models import BillingPeriod, Invoice, InvoiceLine
from billing.money import format_minor, format_unit_price
from platform_core.pdf import (
    ACCENT,
    BAD,
    GOOD,
    MARGIN,
    MUTED,
    WARN,
    WIDTH,
    Colour,
    Page,
)

MILLION = 1_000_000
RIGHT = MARGIN + WIDTH
QUARTER = (WIDTH - 8) / 4
ROW = 14.0
# So many letters stand on one line of the description; a longer one takes up to two lines more.
ONE_LINE, TWO_MORE = 50, 10.0
PANEL = 42.0
TOTALS = 35.0
COLUMNS = (96.0, 26.0, 26.0, 22.0)
STAMPS: dict[str, tuple[str, Colour]] = {
    Invoice.Status.PAID: ("PAID", GOOD),
    Invoice.Status.OPEN: ("OPEN", WARN),
    Invoice.Status.DRAFT: ("DRAFT", MUTED),
    Invoice.Status.UNCOLLECTIBLE: ("UNPAID", BAD),
    Invoice.Status.VOID: ("VOID", BAD),
}


class Fact(NamedTuple):
    """A word and what it is."""

    name: str
    value: str


def file_name(invoice: Invoice) -> str:
    """What to save it as."""
    return f"invoice-{invoice.number or invoice.pk}.pdf"


def render(invoice: Invoice) -> bytes:
    """The invoice on its page."""
    issuer = issuer_of(invoice)
    lines = list(invoice.lines.select_related("billing_period"))
    page = Page(
        title=f"Invoice {invoice.number}",
        author=issuer[0],
        made_at=invoice.issued_at,
        footer=f"{issuer[0]} · Invoice {invoice.number or 'draft'} · {invoice.pk}",
    )
    _heading(page, invoice, issuer)
    _parties(page, invoice)
    _table(page, invoice, lines)
    _totals(page, invoice)
    if invoice.tax_note and not invoice.tax_minor:
        page.ink(9, MUTED)
        page.lines([invoice.tax_note], MARGIN, page.get_y() + 2, WIDTH)
    for period in _explained(lines):
        _evidence(page, period)
    return bytes(page.output())


def issuer_of(invoice: Invoice) -> list[str]:
    """Name, address and tax id of the seller, line by line, as they were when it became final."""
    seller = invoice.issued_by
    if not seller:
        return list(settings.INVOICE_ISSUER.splitlines())
    tax_id = [f"Tax id {seller['tax_id']}"] if seller["tax_id"] else []
    return [seller["name"], *seller["address"].splitlines(), *tax_id]


def buyer_of(invoice: Invoice) -> list[str]:
    """The same of the buyer: the name, then whatever is known."""
    buyer = invoice.billed_to or {"name": invoice.organization.name, "email": invoice.organization.billing_email}
    town = " ".join(filter(None, [buyer.get("postal_code"), buyer.get("city"), buyer.get("region")]))
    country = countries.name(buyer["country"]) if buyer.get("country") else ""
    tax_id = f"Tax id {buyer['tax_id']}" if buyer.get("tax_id") else ""
    lines = [buyer.get("line1"), buyer.get("line2"), town, country, tax_id, buyer["email"]]
    return [buyer["name"], *filter(None, lines)]


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y}"


def _span(start: datetime, end: datetime) -> str:
    return f"{_day(start)} to {_day(end)}"


def _heading(page: Page, invoice: Invoice, issuer: Sequence[str]) -> None:
    page.set_fill_color(*ACCENT)
    page.rect(0, 0, 210, 3, style="F")
    page.set_y(18)
    page.ink(13, bold=True)
    page.put(issuer[0], MARGIN, 100, height=6)
    page.ink(9, MUTED)
    page.lines(issuer[1:], MARGIN, 25, 100)
    page.ink(22, ACCENT, bold=True)
    page.set_y(17)
    page.put("Invoice", RIGHT - 80, 80, height=9, align=Align.R)
    word, colour = STAMPS[invoice.status]
    page.stamp(word, colour, right=RIGHT - page.c_margin, y=29)


def _parties(page: Page, invoice: Invoice) -> None:
    top = 54.0
    page.ink(8, MUTED)
    page.lines(["BILLED TO"], MARGIN, top, 80)
    page.set_y(top + 5.5)
    page.ink(11, bold=True)
    name, *lines = buyer_of(invoice)
    page.paragraph(name, MARGIN, 85)
    page.ink(9, MUTED)
    bottom = page.lines(lines, MARGIN, page.get_y(), 85)
    for number, fact in enumerate(_facts(invoice)):
        page.set_y(top + number * 5.6)
        page.ink(9, MUTED)
        page.put(fact.name, MARGIN + 95, 30)
        page.ink(9, bold=not number)
        page.put(fact.value, MARGIN + 123, WIDTH - 123, align=Align.R)
    page.set_y(max(top + 36, bottom + 6))


def _facts(invoice: Invoice) -> list[Fact]:
    facts = [
        Fact("Number", invoice.number or "Draft"),
        Fact("Issued", _day(invoice.issued_at)),
        Fact("Period", _span(invoice.period_start, invoice.period_end)),
    ]
    if invoice.subscription:
        facts.append(Fact("Plan", str(invoice.subscription.plan)))
    facts.append(Fact("Paid", _day(invoice.paid_at)) if invoice.paid_at else Fact("Due", _day(invoice.issued_at)))
    return facts


def _table(page: Page, invoice: Invoice, lines: Sequence[InvoiceLine]) -> None:
    page.ink(8, MUTED)
    page.row(("DESCRIPTION", "QUANTITY", "UNIT PRICE", "AMOUNT"), COLUMNS, height=7)
    page.rule()
    for line in lines:
        page.keep_together(ROW + (0 if len(line.description) < ONE_LINE else TWO_MORE))
        page.ln(2)
        page.ink(9)
        amount = format_minor(line.amount_minor, invoice.currency)
        top = page.get_y()
        page.row(("", f"{line.quantity:,}", _unit_price(line, invoice.currency), amount), COLUMNS, height=5)
        page.set_y(top)
        page.paragraph(line.description, MARGIN, COLUMNS[0])
        page.ink(8, MUTED)
        page.row((_span(line.period_start, line.period_end),), COLUMNS[:1], height=5)
        page.ln(2)
        page.rule()


def _unit_price(line: InvoiceLine, currency: str) -> str:
    """A price per token is written for a million of them, as it is sold."""
    if line.unit_price_nano is None:
        return ""
    if line.kind in (InvoiceLine.Kind.BASE, InvoiceLine.Kind.ADD_ON):
        return format_unit_price(line.unit_price_nano, currency)
    return f"{format_unit_price(line.unit_price_nano, currency, per=MILLION)} / 1M"


def _totals(page: Page, invoice: Invoice) -> None:
    sums = [
        Fact("Subtotal", format_minor(invoice.subtotal_minor, invoice.currency)),
        *_discount(invoice),
        Fact(_tax_word(invoice), format_minor(invoice.tax_minor, invoice.currency)),
        Fact(f"Total ({invoice.currency.upper()})", format_minor(invoice.total_minor, invoice.currency)),
        *_settled(invoice),
        Fact("Still due", format_minor(invoice.due_minor, invoice.currency)),
    ]
    page.ln(3)
    page.keep_together(TOTALS)
    for fact in sums:
        is_total = fact.name.startswith("Total")
        page.ink(12 if is_total else 9, bold=is_total)
        page.put(fact.name, RIGHT - 80, 45, height=8 if is_total else 6)
        page.put(fact.value, RIGHT - 35, 35, height=8 if is_total else 6, align=Align.R)
        page.ln(8 if is_total else 6)


def _discount(invoice: Invoice) -> list[Fact]:
    off = invoice.discount_minor
    return [Fact("Discount", format_minor(-off, invoice.currency))] if off else []


def _tax_word(invoice: Invoice) -> str:
    word = invoice.tax_note if invoice.tax_note and invoice.tax_minor else "Tax"
    return f"{word}, included" if invoice.is_tax_inclusive else word


def _settled(invoice: Invoice) -> list[Fact]:
    amounts = {"Paid by credits": invoice.wallet_minor, "Credited": invoice.credited_minor, "Paid": invoice.paid_minor}
    return [
        Fact(name, format_minor(amount, invoice.currency))
        for name, amount in amounts.items()
        if amount or name == "Paid"
    ]


def _explained(lines: Sequence[InvoiceLine]) -> list[BillingPeriod]:
    """The closed periods whose overage the lines charge."""
    return [line.billing_period for line in lines if line.kind == InvoiceLine.Kind.OVERAGE and line.billing_period]


def _evidence(page: Page, period: BillingPeriod) -> None:
    """Where a charge for tokens comes from, and by which rule it was worked out."""
    page.ln(8)
    page.keep_together(PANEL)
    top = page.get_y()
    page.panel(top, PANEL)
    page.set_y(top + 4)
    page.ink(10, bold=True)
    page.put(f"Tokens used, {_span(period.starts_at, period.ends_at)}", MARGIN + 4, WIDTH - 8)
    allotment = period.token_allotment or 0
    included = min(allotment, period.tokens_used)
    whole = max(1, allotment, period.tokens_used)
    page.bar(top + 12, [(included / whole, ACCENT), (period.overage_tokens / whole, WARN)])
    price = format_unit_price(period.unit_price_nano or 0, period.currency, per=MILLION)
    if period.overage_rate:
        price = "in steps"
    facts = [
        Fact("Included in the plan", f"{allotment:,}"),
        Fact("Used", f"{period.tokens_used:,}"),
        Fact("Beyond the plan", f"{period.overage_tokens:,}"),
        Fact("Price for a million beyond", price),
    ]
    for number, fact in enumerate(facts):
        _figure(page, fact, MARGIN + 4 + number * QUARTER, top + 18)
    page.ink(7, MUTED)
    seal = f"Evidence SHA-256 {period.evidence.get('sha256', '')}"
    rule = f"Figures as they stood when the period was closed, rounded by {period.evidence.get('rounding', '')}."
    page.lines([rule, seal], MARGIN + 4, top + 31, WIDTH - 8, height=3.8)
    page.set_y(top + PANEL)


def _figure(page: Page, fact: Fact, x: float, y: float) -> None:
    page.set_y(y)
    page.ink(8, MUTED)
    page.put(fact.name, x, QUARTER)
    page.set_y(y + 5)
    page.ink(10, bold=True)
    page.put(fact.value, x, QUARTER)
