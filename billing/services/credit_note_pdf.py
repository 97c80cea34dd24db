"""A credit note as a PDF: one page of A4, the same bytes for the same rows."""

from fpdf.enums import Align

from billing.models import CreditNote
from billing.money import format_minor
from billing.services import invoice_pdf
from platform_core.pdf import ACCENT, GOOD, MARGIN, MUTED, WIDTH, Page

RIGHT = MARGIN + WIDTH
COLUMNS = (112.0, 28.0, 30.0)
ROW = 9.0
TOTALS = 24.0


def render(note: CreditNote) -> bytes:
    """The credit note on its page."""
    assert note.issued_at is not None  # noqa: S101 - the database holds it
    issuer = invoice_pdf.issuer_of(note.invoice)
    page = Page(
        title=f"Credit note {note.number}",
        author=issuer[0],
        made_at=note.issued_at,
        footer=f"{issuer[0]} · Credit note {note.number} · {note.pk}",
    )
    _heading(page, note, issuer)
    _parties(page, note)
    _table(page, note)
    _totals(page, note)
    return bytes(page.output())


def _heading(page: Page, note: CreditNote, issuer: list[str]) -> None:
    page.set_fill_color(*ACCENT)
    page.rect(0, 0, 210, 3, style="F")
    page.set_y(18)
    page.ink(13, bold=True)
    page.put(issuer[0], MARGIN, 100, height=6)
    page.ink(9, MUTED)
    page.lines(issuer[1:], MARGIN, 25, 100)
    page.ink(22, ACCENT, bold=True)
    page.set_y(17)
    page.put("Credit note", RIGHT - 80, 80, height=9, align=Align.R)
    page.stamp("ISSUED", GOOD, right=RIGHT - page.c_margin, y=29)


def _parties(page: Page, note: CreditNote) -> None:
    top = 54.0
    page.ink(8, MUTED)
    page.lines(["CREDITED TO"], MARGIN, top, 80)
    page.set_y(top + 5.5)
    name, *lines = invoice_pdf.buyer_of(note.invoice)
    page.ink(11, bold=True)
    page.paragraph(name, MARGIN, 85)
    page.ink(9, MUTED)
    bottom = page.lines(lines, MARGIN, page.get_y(), 85)
    for number, (word, value) in enumerate(_facts(note).items()):
        page.set_y(top + number * 5.6)
        page.ink(9, MUTED)
        page.put(word, MARGIN + 95, 30)
        page.ink(9, bold=not number)
        page.put(value, MARGIN + 123, WIDTH - 123, align=Align.R)
    page.set_y(max(top + 30, bottom + 6))


def _facts(note: CreditNote) -> dict[str, str]:
    issued = note.issued_at
    day = f"{issued.day} {issued:%b %Y}" if issued else ""
    return {"Number": note.number, "Issued": day, "For invoice": note.invoice.number, "Because of": note.reason[:60]}


def _table(page: Page, note: CreditNote) -> None:
    page.ink(8, MUTED)
    page.row(("DESCRIPTION", "OF WHICH TAX", "AMOUNT"), COLUMNS, height=7)
    page.rule()
    for line in note.lines.all():
        page.keep_together(ROW)
        page.ln(2)
        page.ink(9)
        amounts = (format_minor(line.tax_minor, note.currency), format_minor(line.amount_minor, note.currency))
        page.row((line.description, *amounts), COLUMNS, height=5)
        page.ln(2)
        page.rule()


def _totals(page: Page, note: CreditNote) -> None:
    sums = {
        "Net": format_minor(note.total_minor - note.tax_minor, note.currency),
        "Tax": format_minor(note.tax_minor, note.currency),
        f"Credited ({note.currency.upper()})": format_minor(note.total_minor, note.currency),
    }
    page.ln(3)
    page.keep_together(TOTALS)
    for number, (word, value) in enumerate(sums.items()):
        is_total = number == 2  # noqa: PLR2004
        page.ink(12 if is_total else 9, bold=is_total)
        page.put(word, RIGHT - 80, 45, height=8 if is_total else 6)
        page.put(value, RIGHT - 35, 35, height=8 if is_total else 6, align=Align.R)
        page.ln(8 if is_total else 6)
