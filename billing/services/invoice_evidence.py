"""What a final invoice says, sealed: everything that is needed to compute it again, with a SHA-256 over it."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from billing.models import NANO, Invoice, InvoiceLine
from billing.services import taxes
from billing.splitting import half_up

# A line is rounded once, the tax once for the invoice and shared out by largest remainder. Another rule gets another
# name; old evidence keeps naming the one that it was sealed by. The first knew no discounts.
FIRST_RULE = "line-half-up/tax-largest-remainder/1"
RULE = "line-half-up/tax-largest-remainder/2"
SINCE_THE_SECOND = "discount_minor"


def line_amount(line: InvoiceLine) -> int:
    """What a line of ours comes to: quantity times price, rounded once; one without a price is what it says."""
    if line.unit_price_nano is None:
        return line.amount_minor
    return half_up(line.quantity * line.unit_price_nano, NANO)


def _line(line: InvoiceLine) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "description": line.description,
        "quantity": line.quantity,
        "unit_price_nano": line.unit_price_nano,
        "amount_minor": line.amount_minor,
        "discount_minor": line.discount_minor,
        "tax_minor": line.tax_minor,
        "evidence": line.evidence,
        "billing_period": str(line.billing_period_id) if line.billing_period_id else None,
    }


def sealed(invoice: Invoice, lines: Iterable[InvoiceLine], treated: taxes.Treatment | None) -> dict[str, Any]:
    """The evidence of an invoice; `treated` is None where the tax is the provider's own."""
    document = {
        "rule": RULE,
        "invoice": str(invoice.pk),
        "origin": invoice.origin,
        "number": invoice.number,
        "currency": invoice.currency,
        "tax": None if treated is None else {"rate_ppm": treated.rate_ppm, "is_inclusive": treated.is_inclusive},
        "lines": [_line(line) for line in lines],
        **_totals(invoice),
    }
    return {**document, "sha256": _sha256(document)}


def _totals(invoice: Invoice) -> dict[str, int]:
    return {name: getattr(invoice, name) for name in ("subtotal_minor", "discount_minor", "tax_minor", "total_minor")}


def _sha256(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def verify(invoice: Invoice, lines: Sequence[InvoiceLine]) -> list[str]:
    """What is wrong with a final invoice: its evidence is intact, gives the same figures, and they are its own."""
    document = {name: value for name, value in invoice.evidence.items() if name != "sha256"}
    if invoice.evidence.get("sha256") != _sha256(document):
        return ["the evidence is missing or was altered after it was sealed"]
    if document["rule"] not in (FIRST_RULE, RULE):
        return [f"the evidence names the rule {document['rule']!r}, which is not known"]
    told, totals = [_line(line) for line in lines], _totals(invoice)
    if document["rule"] == FIRST_RULE:
        for figures in (*told, totals):
            figures.pop(SINCE_THE_SECOND)
    problems = [
        f"line {place} is {now}, sealed as {then}"
        for place, (now, then) in enumerate(zip(told, document["lines"], strict=False), 1)
        if now != then
    ]
    if len(told) != len(document["lines"]):
        problems.append(f"it has {len(told)} lines, sealed with {len(document['lines'])}")
    problems += [
        f"{name} is {value}, sealed as {document[name]}"
        for name, value in {**totals, "number": invoice.number, "currency": invoice.currency}.items()
        if value != document[name]
    ]
    return problems + _recomputed(invoice, lines, document["tax"])


def _recomputed(invoice: Invoice, lines: Sequence[InvoiceLine], tax: Mapping[str, Any] | None) -> list[str]:
    """The same figures once more from quantities, prices and rate; of the provider's invoices, the sums."""
    if tax is None:
        return list(_unlike_their_lines(invoice, lines)) if lines else []
    amounts = [line_amount(line) for line in lines]
    again = taxes.taxed(amounts, taxes.Treatment(tax["rate_ppm"], tax["is_inclusive"]))
    figures = {
        "amounts of lines": ([line.amount_minor for line in lines], amounts),
        "taxes of lines": ([line.tax_minor for line in lines], list(again.lines)),
        "subtotal": (invoice.subtotal_minor, again.subtotal_minor),
        "tax": (invoice.tax_minor, again.tax_minor),
        "total": (invoice.total_minor, again.total_minor),
    }
    return [f"{name}: {is_} instead of {should}" for name, (is_, should) in figures.items() if is_ != should]


def _unlike_their_lines(invoice: Invoice, lines: Sequence[InvoiceLine]) -> Iterator[str]:
    for name in ("tax_minor", "discount_minor"):
        shared, whole = sum(getattr(line, name) for line in lines), getattr(invoice, name)
        if shared != whole:
            yield f"the lines' {name.removesuffix('_minor')} is {shared}, not {whole}"
