"""Money in the console."""

from typing import Any

from billing import money
from platform_core.admin import figures

MILLION = 1_000_000


class Priced:
    """Amounts and prices with their currency, which is the row's, its price's or its invoice's."""

    @staticmethod
    def written(row: Any, name: str) -> Any:
        """Minor units as an amount, a price of one token as that of a million."""
        value = getattr(row, name)
        if value is None or not name.endswith(("_minor", "_nano")):
            return figures.written(row, name)
        currency = _currency(row)
        if name.endswith("_nano"):
            return f"{money.format_unit_price(value, currency, per=MILLION)} per million"
        return money.format_minor(value, currency)


def _currency(row: Any) -> str:
    of = row if hasattr(row, "currency") else row.price if hasattr(row, "price") else row.invoice
    return str(of.currency)
