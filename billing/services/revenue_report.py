"""Recurring revenue as a document: to print, or to compute with."""

from collections.abc import Callable, Sequence

from django.conf import settings

from billing.money import format_minor
from billing.revenue.figures import CurrencyPayments, CurrencyRevenue, MonthOfRevenue, PaymentCount, Payments, Revenue
from orgs.reports import Cell, Column, Content
from orgs.services import report_files
from orgs.services.report_files import Heading
from platform_core import clock

TITLE = "Recurring revenue"
Written = Callable[[int, str], Cell]


def file_name(found: Revenue, extension: str) -> str:
    """What to save it as."""
    return f"revenue-{found.span.first:%Y-%m}-to-{found.span.last:%Y-%m}.{extension}"


def as_pdf(found: Revenue) -> bytes:
    """To read and print."""
    first, last = found.span.first, found.span.last
    days = f"{last:%B %Y}" if first == last else f"{first:%B %Y} to {last:%B %Y}"
    heading = Heading(TITLE, days, settings.SITE_NAME, clock.now())
    return report_files.pdf_of(heading, content(found, format_minor), lambda _done, _of: None)


def as_csv(found: Revenue) -> bytes:
    """To compute with: amounts in minor units, rates in basis points."""
    return report_files.csv_of(content(found, lambda minor, _currency: minor, rate=_plain))


def content(found: Revenue, written: Written, rate: Callable[[int | None], Cell] | None = None) -> Content:
    """A row for each month in each currency; before them, what the months say together."""
    tell = rate or percent
    columns = [("Month", 3), ("Currency", 2), *((title, 4) for title in AMOUNTS), ("Net", 2), ("Gross", 2)]
    rows = [_row(each, month, written, tell) for each in found.currencies for month in each.months]
    return Content(
        columns=[Column(title, part, is_number=place > 1) for place, (title, part) in enumerate(columns)],
        rows=rows,
        facts=_facts(found),
    )


AMOUNTS = ("Opening", "New", "Expansion", "Contraction", "Churn", "Reactivation", "MRR")


def _row(
    each: CurrencyRevenue, month: MonthOfRevenue, written: Written, tell: Callable[[int | None], Cell]
) -> Sequence[Cell]:
    amounts = (
        month.opening_minor,
        month.new_minor,
        month.expansion_minor,
        month.contraction_minor,
        month.churn_minor,
        month.reactivation_minor,
        month.mrr_minor,
    )
    told = [written(amount, each.currency) for amount in amounts]
    return [f"{month.month:%Y-%m}", each.currency.upper(), *told, tell(month.nrr), tell(month.grr)]


def _facts(found: Revenue) -> list[tuple[str, str]]:
    money = [(f"{each.currency.upper()} a month", _told(each)) for each in found.currencies]
    customers = found.customers[-1]
    return [
        *money,
        ("Customers", f"{customers.count:,}, churn {percent(found.churn)} a month"),
        ("Trials paid for", f"{found.trials.converted_count:,} of {found.trials.ended_count:,}"),
        ("Payments that went through", _paid(found.payments)),
        *((f"of them in {each.currency.upper()}", _paid(each)) for each in _apart(found.payments)),
    ]


def _paid(each: PaymentCount) -> str:
    if not each.attempt_count:
        return "none was tried"
    return f"{percent(each.success)}: {each.succeeded_count:,} of {each.attempt_count:,}"


def _apart(found: Payments) -> Sequence[CurrencyPayments]:
    """Each currency, where there are several."""
    return found.currencies if len(found.currencies) > 1 else ()


def _told(each: CurrencyRevenue) -> str:
    amount, kept = format_minor(each.mrr_minor, each.currency), each.retention
    return f"{amount}, net retention {percent(kept.nrr)}, gross {percent(kept.grr)}"


def percent(rate: int | None) -> str:
    """Basis points as people read them."""
    return "none" if rate is None else f"{rate // 100}.{rate % 100:02d} %"


def _plain(rate: int | None) -> Cell:
    return "" if rate is None else rate
