"""Money in the console."""

from functools import partial
from typing import Any

from billing import money
from billing.models import NANO
from platform_core.admin import documents, figures

MILLION = 1_000_000


class Priced:
    """Amounts and prices with their currency, which is the row's, its price's or its invoice's."""

    @staticmethod
    def written(row: Any, name: str) -> Any:
        """Minor units as an amount, a price of one token as that of a million."""
        value = getattr(row, name)
        if isinstance(value, (dict, list)):
            return documents.readable(value, partial(_told, row))
        if value is None or not name.endswith(("_minor", "_nano")):
            return figures.written(row, name)
        currency = _currency(row)
        if name.endswith("_nano"):
            return _price(value, currency)
        return money.format_minor(value, currency)


def _told(row: Any, name: str, value: Any) -> str:
    """A value of a document: amounts are in the row's currency, like all that is written about it."""
    if not isinstance(value, int) or isinstance(value, bool):
        return documents.plain(name, value)
    if name.endswith("_nano"):
        return _price(value, _currency(row))
    return money.format_minor(value, _currency(row)) if name.endswith("_minor") else documents.plain(name, value)


def _price(nano: int, currency: str) -> str:
    """Of one, or of a million where one costs less than the smallest unit."""
    if nano >= NANO:
        return money.format_unit_price(nano, currency, per=1)
    return f"{money.format_unit_price(nano, currency, per=MILLION)} per million"


def _currency(row: Any) -> str:
    of = row if hasattr(row, "currency") else row.price if hasattr(row, "price") else row.invoice
    return str(of.currency)
