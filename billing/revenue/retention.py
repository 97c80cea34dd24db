"""What became of the money of those who were customers before, in SQL that both engines read the same way."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import connections, router

from billing.models import MrrMovement
from billing.revenue.figures import Retention
from platform_core import scoping
from platform_core.months import Months

_BY_CUSTOMER = """
SELECT organization_id, currency, month_on, SUM(amount_minor) AS moved,
       SUM(SUM(amount_minor)) OVER (PARTITION BY organization_id, currency ORDER BY month_on) AS brought
FROM {table} WHERE month_on <= %(last)s GROUP BY organization_id, currency, month_on
"""
# What those who were there at the beginning of the month bring more or less at its end; and only the less of it.
_BY_MONTH = """
SELECT currency, month_on, SUM(moved), SUM(CASE WHEN moved < 0 THEN moved ELSE 0 END)
FROM ({by_customer}) AS each WHERE month_on >= %(first)s AND brought - moved > 0 GROUP BY currency, month_on
"""
_OVER = """
SELECT currency, SUM(CASE WHEN began > 0 THEN began ELSE 0 END), SUM(CASE WHEN began > 0 THEN brings ELSE 0 END),
       SUM(CASE WHEN began <= 0 THEN 0 WHEN brings < began THEN brings ELSE began END),
       SUM(CASE WHEN brings > 0 THEN 1 ELSE 0 END)
FROM (SELECT currency, SUM(CASE WHEN month_on < %(first)s THEN amount_minor ELSE 0 END) AS began,
             SUM(amount_minor) AS brings
      FROM {table} WHERE month_on <= %(last)s GROUP BY organization_id, currency) AS each GROUP BY currency
"""


def kept_by_month(span: Months) -> dict[tuple[str, date], tuple[int, int]]:
    """By currency and month, what those who paid before bring more or less, and only the less."""
    rows = _rows(_BY_MONTH.format(by_customer=_BY_CUSTOMER.format(table=_table())), span)
    return {(currency, _as_date(month)): (int(net), int(lost)) for currency, month, net, lost in rows}


def kept_over(span: Months) -> dict[str, tuple[Retention, int]]:
    """By currency, what the months kept, and how many customers bring something at their end."""
    rows = _rows(_OVER.format(table=_table()), span)
    return {currency: (Retention(*map(int, kept)), int(count)) for currency, *kept, count in rows}


def _table() -> str:
    return connections[router.db_for_read(MrrMovement)].ops.quote_name(MrrMovement._meta.db_table)


def _rows(sql: str, span: Months) -> list[Sequence[Any]]:
    """Past the managers, so only where every organization is in sight."""
    if scoping.current().organizations is not None:
        raise scoping.ScopeMissing("Recurring revenue is of all organizations together.")
    with connections[router.db_for_read(MrrMovement)].cursor() as cursor:
        cursor.execute(sql, {"first": span.first, "last": span.last})
        found: list[Sequence[Any]] = cursor.fetchall()
    return found


def _as_date(value: date | str) -> date:
    """SQLite gives dates as text."""
    return date.fromisoformat(value) if isinstance(value, str) else value
