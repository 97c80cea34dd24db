"""Reports as files: a PDF to read and print, a CSV to compute with."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from fpdf.enums import Align

from orgs.models import Report
from orgs.models.reports import Format
from orgs.reports import Cell, Column, Content, ReportKind
from platform_core.pdf import ACCENT, INK, MARGIN, MUTED, WIDTH, Page
from platform_core.services.audit_documents import cell

LINE = 6.4
MEDIA_TYPES = {Format.PDF: "application/pdf", Format.CSV: "text/csv; charset=utf-8"}
# Progress is told each so many rows.
STEP = 250

Tell = Callable[[int, int], None]


class Heading(NamedTuple):
    """What stands above a report: what it tells, of which days, and whose it is."""

    title: str
    days: str
    whose: str
    made_at: datetime


def heading_of(kind: ReportKind, report: Report) -> Heading:
    """Of a state of things, the day on which it was so."""
    first, last = report.starts_on, report.ends_on
    days = f"{first.day} {first:%B %Y} to {last.day} {last:%B %Y}"
    if not kind.is_dated or first == last:
        days = f"{last.day} {last:%B %Y}"
    return Heading(kind.title, days, report.organization.name, report.created_at)


def file_name(report: Report) -> str:
    """What to save it as."""
    return f"{report.kind.replace('_', '-')}-{report.starts_on}-to-{report.ends_on}.{report.format}"


def render(kind: ReportKind, report: Report, content: Content, tell: Tell) -> bytes:
    """The file. `tell` hears how many of how many rows are done."""
    if report.format == Format.CSV:
        return csv_of(content)
    return pdf_of(heading_of(kind, report), content, tell)


def number(value: Cell) -> str:
    """Numbers of people and of tokens are read in thousands."""
    return f"{value:,}" if isinstance(value, int) else value


def csv_of(content: Content) -> bytes:
    """A table, as a spreadsheet reads it."""
    written = io.StringIO()
    sheet = csv.writer(written, quoting=csv.QUOTE_ALL)
    sheet.writerow([column.title for column in content.columns])
    sheet.writerows([value if isinstance(value, int) else cell(value) for value in row] for row in content.rows)
    # Spreadsheets take a file without this mark for one in the alphabet of the last century.
    return written.getvalue().encode("utf-8-sig")


def pdf_of(heading: Heading, content: Content, tell: Tell) -> bytes:
    """A document to read and print."""
    page = Page(
        title=f"{heading.title}, {heading.days}",
        author=settings.INVOICE_ISSUER.splitlines()[0],
        made_at=heading.made_at,
        footer=f"{heading.whose} · {heading.title} · {heading.days}",
    )
    _head(page, heading, content)
    widths = _widths(content.columns)
    _titles(page, content.columns, widths)
    for done, row in enumerate(content.rows):
        if page.will_page_break(LINE):
            page.add_page()
            _titles(page, content.columns, widths)
        _row(page, content.columns, widths, row)
        if done % STEP == 0:
            tell(done, len(content.rows))
    if not content.rows:
        page.ink(9, MUTED)
        page.put("There is nothing to tell of these days.", MARGIN, WIDTH, height=10)
    return bytes(page.output())


def _head(page: Page, heading: Heading, content: Content) -> None:
    page.ink(9, MUTED)
    page.put(heading.whose, MARGIN, WIDTH)
    page.ln(6)
    page.ink(20, bold=True)
    page.put(heading.title, MARGIN, WIDTH, height=10)
    page.ln(10)
    page.ink(10, ACCENT)
    page.put(heading.days, MARGIN, WIDTH)
    page.ln(9)
    for name, value in content.facts:
        page.ink(9, MUTED)
        page.put(name, MARGIN, 45)
        page.ink(9, bold=True)
        page.put(value, MARGIN + 45, WIDTH - 45)
        page.ln(5.4)
    page.ln(4)


def _widths(columns: Sequence[Column]) -> list[float]:
    whole = sum(column.share for column in columns)
    return [WIDTH * column.share / whole for column in columns]


def _titles(page: Page, columns: Sequence[Column], widths: Sequence[float]) -> None:
    page.ink(8, MUTED, bold=True)
    _cells(page, columns, widths, [column.title for column in columns])
    page.rule()


def _row(page: Page, columns: Sequence[Column], widths: Sequence[float], row: Sequence[Cell]) -> None:
    page.ink(8.5, INK)
    _cells(page, columns, widths, [number(value) for value in row])


def _cells(page: Page, columns: Sequence[Column], widths: Sequence[float], texts: Sequence[str]) -> None:
    x = MARGIN
    for column, width, text in zip(columns, widths, texts, strict=True):
        page.put(text, x, width, height=LINE, align=Align.R if column.is_number else Align.L)
        x += width
    page.ln(LINE)
