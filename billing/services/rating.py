"""What usage costs: one pure function over integers, and the evidence from which its result can be computed again."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from billing.models import NANO, BillingPeriod
from billing.services import schemes
from billing.services.schemes import Part, Rate

# Each tier of a line is rounded by itself, half a minor unit upwards; what has none is rounded once. Another rule gets
# another name; old evidence keeps naming its own.
ROUNDING = "tier-half-up/1"
RULES: Mapping[str, Callable[[Rate | None, int, int], tuple[Part, ...]]] = {
    ROUNDING: schemes.parts,
    "line-half-up/1": schemes.parts_of_rounded_sum,
}
BASE = "base"
OVERAGE = "overage"
# What evidence came to hold after the first was sealed.
LATER = ("base_rate", "overage_rate", "parts")


class Unverifiable(ValueError):
    """Evidence made by a rule that this code does not know."""


@dataclass(frozen=True)
class Terms:
    """What was agreed for a period: money in minor units, prices per token in billionths of one."""

    currency: str
    quantity: int
    base_unit_minor: int
    # Tokens included; None: tokens are no part of the plan.
    token_allotment: int | None
    # None: tokens beyond the allotment are counted but cost nothing.
    unit_price_nano: int | None
    # How either is priced where it is not so much for each unit.
    base_rate: Rate | None = None
    overage_rate: Rate | None = None


@dataclass(frozen=True)
class Usage:
    """What was used in a period."""

    tokens: int


@dataclass(frozen=True)
class RatedLine:
    """One line of what a period costs. Where no one price holds for all units, its parts tell more."""

    kind: str
    quantity: int
    unit_price_nano: int | None
    amount_minor: int
    parts: tuple[Part, ...] = ()


def _line(kind: str, quantity: int, unit_price_nano: int, rate: Rate | None, rule: str) -> RatedLine:
    parts = RULES[rule](rate, unit_price_nano, quantity)
    amount = sum(part.amount_minor for part in parts)
    return (
        RatedLine(kind, quantity, None, amount, parts) if rate else RatedLine(kind, quantity, unit_price_nano, amount)
    )


def rate(terms: Terms, usage: Usage, *, rule: str = ROUNDING) -> tuple[RatedLine, ...]:
    """The base line and, when more was used than is included, one line for every token beyond."""
    base = _line(BASE, terms.quantity, terms.base_unit_minor * NANO, terms.base_rate, rule)
    over = 0 if terms.token_allotment is None else max(0, usage.tokens - terms.token_allotment)
    return (base, _overage(terms, over, rule)) if over else (base,)


def _overage(terms: Terms, quantity: int, rule: str) -> RatedLine:
    return _line(OVERAGE, quantity, terms.unit_price_nano or 0, terms.overage_rate, rule)


def overage(terms: Terms, usage: Usage, *, rule: str = ROUNDING) -> RatedLine:
    """The overage line alone, of zero tokens where there is none."""
    found = [line for line in rate(terms, usage, rule=rule) if line.kind == OVERAGE]
    return found[0] if found else _overage(terms, 0, rule)


def terms_of(period: BillingPeriod) -> Terms:
    """The terms a period is rated on."""
    return Terms(
        currency=period.currency,
        quantity=period.quantity,
        base_unit_minor=period.base_unit_minor,
        token_allotment=period.token_allotment,
        unit_price_nano=period.unit_price_nano,
        base_rate=schemes.read(period.base_rate),
        overage_rate=schemes.read(period.overage_rate),
    )


def _document(row: Terms | RatedLine) -> dict[str, Any]:
    """As JSON has it. What says nothing is left out, so evidence from before there was more to say stays the same."""
    return {name: value for name, value in json.loads(json.dumps(asdict(row))).items() if name not in LATER or value}


def _terms(found: Mapping[str, Any]) -> Terms:
    rates = {name: schemes.read(found.get(name)) for name in ("base_rate", "overage_rate")}
    return Terms(**{**found, **rates})


def _sha256(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def evidence(period: BillingPeriod, usage: Usage) -> dict[str, Any]:
    """The inputs of `rate` and whose they are, its result, and the rule that rounded it, sealed with a SHA-256."""
    terms = terms_of(period)
    document = {
        "period": _identity(period),
        "rounding": ROUNDING,
        "terms": _document(terms),
        "usage": asdict(usage),
        "lines": [_document(line) for line in rate(terms, usage)],
    }
    return {**document, "sha256": _sha256(document)}


def _identity(period: BillingPeriod) -> dict[str, str]:
    return {
        "id": str(period.pk),
        "subscription_id": str(period.subscription_id),
        "starts_at": period.starts_at.isoformat(),
        "ends_at": period.ends_at.isoformat(),
    }


def recompute(sealed: Mapping[str, Any]) -> tuple[Terms, Usage, tuple[RatedLine, ...]]:
    """Read evidence and rate it again; raises Unverifiable for a rounding rule that is not ours."""
    rule = str(sealed.get("rounding"))
    if rule not in RULES:
        raise Unverifiable(f"Unknown rounding rule {rule!r}.")
    terms, usage = _terms(sealed["terms"]), Usage(**sealed["usage"])
    return terms, usage, rate(terms, usage, rule=rule)


def is_sealed(sealed: Mapping[str, Any]) -> bool:
    """Whether evidence is as it was when it was sealed."""
    return sealed.get("sha256") == _sha256({name: value for name, value in sealed.items() if name != "sha256"})


def verify(period: BillingPeriod) -> list[str]:
    """What is wrong with a closed period: its evidence is intact, gives the same lines, and they are its figures."""
    if not is_sealed(period.evidence):
        return ["The evidence was altered after it was sealed."]
    terms, usage, lines = recompute(period.evidence)
    line = overage(terms, usage, rule=period.evidence["rounding"])
    figures = (period.tokens_used, period.overage_tokens, period.overage_minor)
    checks = {
        "The evidence is another period's.": period.evidence["period"] == _identity(period),
        "The lines differ from what the terms and the usage give.": period.evidence["lines"]
        == [_document(one) for one in lines],
        "The terms are not the period's.": terms == terms_of(period),
        "The period's figures are not its evidence's.": figures == (usage.tokens, line.quantity, line.amount_minor),
    }
    return [problem for problem, holds in checks.items() if not holds]
