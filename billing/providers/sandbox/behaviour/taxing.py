"""Taxes of an invoice's lines, by the tax rates that its subscription or the line itself names."""

from decimal import ROUND_HALF_UP, Decimal

from billing.providers.sandbox.books import Books
from billing.providers.sandbox.shapes import Json

PERCENT = 100


def apply(books: Books, invoice: Json, lines: list[Json]) -> None:
    """Write each rate's tax onto each line: on top of what is left after discounts, or included in it."""
    usual = invoice.get("_tax_rates") or []
    for line in lines:
        rates = [books.get("tax_rate", each) for each in line.get("_tax_rates") or usual]
        base = line["amount"] - sum(each["amount"] for each in line["discount_amounts"])
        line["taxes"] = [_tax(rate, base, rates) for rate in rates]


def _tax(rate: Json, base: int, rates: list[Json]) -> Json:
    """Rates that are included share what is in the amount; those on top do not add to each other."""
    included = sum((Decimal(str(each["percentage"])) for each in rates if each["inclusive"]), Decimal(0))
    untaxed = Decimal(base) * PERCENT / (PERCENT + included)
    amount = _rounded(untaxed * Decimal(str(rate["percentage"])) / PERCENT)
    return {
        "amount": amount,
        "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": rate["id"]},
        "taxability_reason": "standard_rated",
        "taxable_amount": _rounded(untaxed),
        "type": "tax_rate_details",
    }


def _rounded(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def totals(lines: list[Json]) -> Json:
    """The taxes by rate, and how much of them is on top and included."""
    sums: dict[str, Json] = {}
    for tax in (tax for line in lines for tax in line["taxes"]):
        known = sums.setdefault(tax["tax_rate_details"]["tax_rate"], {**tax, "amount": 0, "taxable_amount": 0})
        known["amount"] += tax["amount"]
        known["taxable_amount"] += tax["taxable_amount"]
    found = list(sums.values())
    return {
        "total_taxes": found,
        "_tax_added": sum(tax["amount"] for tax in found if tax["tax_behavior"] == "exclusive"),
        "_tax_included": sum(tax["amount"] for tax in found if tax["tax_behavior"] == "inclusive"),
    }
