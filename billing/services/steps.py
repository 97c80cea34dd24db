"""What a line whose units have no one price is made of, in words for the bill."""

from collections.abc import Mapping
from typing import Any

from billing.models import NANO, Price
from billing.money import format_minor, format_unit_price
from billing.services import rating, schemes

MILLION = 1_000_000
# A bill has room for so many; the evidence has them all.
SHOWN = 4


def wording(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """The steps of sealed usage, as a bill's text names them: none where every unit costs the same."""
    terms, usage, _ = rating.recompute(evidence)
    rate, line = terms.overage_rate, rating.overage(terms, usage)
    if rate is None:
        return {"steps": []}
    told = [_step(rate, part, terms.currency) for part in line.parts]
    return {"steps": told[:SHOWN], "unnamed_count": max(0, len(told) - SHOWN)}


def _step(rate: schemes.Rate, part: schemes.Part, currency: str) -> dict[str, str]:
    if rate.scheme == Price.Scheme.PACKAGE:
        price = format_unit_price(part.unit_price_nano, currency)
        return {"quantity": f"{part.quantity:,} \N{MULTIPLICATION SIGN} {rate.package_size:,}", "price": price}
    fixed = part.amount_nano - part.quantity * part.unit_price_nano
    return {
        "quantity": f"{part.quantity:,}",
        "price": f"{format_unit_price(part.unit_price_nano, currency, per=MILLION)} a million",
        "fixed": format_minor(fixed // NANO, currency) if fixed else "",
    }
