"""How a quantity becomes an amount: pure, over integers, exact to a billionth of a minor unit, then rounded by tier."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from billing.models import NANO, Price
from billing.models.terms import Tier, tiers_of


@dataclass(frozen=True)
class Rate:
    """A scheme other than so much for each unit, and what it needs beside the price of a unit."""

    scheme: str
    tiers: tuple[Tier, ...] = ()
    package_size: int = 0


@dataclass(frozen=True)
class Part:
    """A part of a line: the units of one tier, or the packages. `amount_minor` is rounded by itself."""

    quantity: int
    unit_price_nano: int
    amount_nano: int
    amount_minor: int = 0


def rate_of(price: Price) -> Rate | None:
    """What the price says of its scheme; None: so much for each unit."""
    if price.scheme == Price.Scheme.PER_UNIT:
        return None
    return Rate(price.scheme, price.steps, price.package_size or 0)


def units(price: Price, quantity: int) -> int:
    """How often whoever bought so many has what a plan includes: what is flat is paid, and had, once."""
    return 1 if price.scheme == Price.Scheme.FLAT else quantity


def amount_of(price: Price, quantity: int) -> int:
    """What so many cost at a price, before tax and discounts."""
    unit = price.unit_price_nano if price.amount_minor is None else price.amount_minor * NANO
    return sum(part.amount_minor for part in parts(rate_of(price), unit or 0, quantity))


def document(rate: Rate | None) -> dict[str, Any] | None:
    """The same as JSON."""
    return {**asdict(rate), "tiers": [asdict(tier) for tier in rate.tiers]} if rate else None


def read(found: Mapping[str, Any] | None) -> Rate | None:
    """And back."""
    if found is None:
        return None
    return Rate(found["scheme"], tiers_of(found["tiers"]) if found["tiers"] else (), found["package_size"])


def rounded(amount_nano: int) -> int:
    """To the minor unit, half of one upwards."""
    return (amount_nano + NANO // 2) // NANO


def parts(rate: Rate | None, unit_price_nano: int, quantity: int) -> tuple[Part, ...]:
    """What a quantity costs, part by part, each rounded by itself: an invoice of the provider's has a line for each."""
    exact = _exact(rate, unit_price_nano, quantity)
    return tuple(replace(part, amount_minor=rounded(part.amount_nano)) for part in exact)


def parts_of_rounded_sum(rate: Rate | None, unit_price_nano: int, quantity: int) -> tuple[Part, ...]:
    """As it was reckoned before: rounded once, and shared out. What was sealed then is read so."""
    return _shared(_exact(rate, unit_price_nano, quantity))


def _exact(rate: Rate | None, unit_price_nano: int, quantity: int) -> list[Part]:
    match rate.scheme if rate else Price.Scheme.PER_UNIT:
        case Price.Scheme.FLAT:
            return [Part(1, unit_price_nano, unit_price_nano)]
        case Price.Scheme.PACKAGE if rate:
            begun = -(-quantity // rate.package_size)
            return [Part(begun, unit_price_nano, begun * unit_price_nano)]
        case Price.Scheme.GRADUATED if rate:
            return _graduated(rate.tiers, quantity)
        case Price.Scheme.VOLUME if rate:
            return [_in_tier(_tier_of(rate.tiers, quantity), quantity)] if quantity else []
        case _:
            return [Part(quantity, unit_price_nano, quantity * unit_price_nano)]


def _in_tier(tier: Tier, quantity: int) -> Part:
    amount = quantity * tier.unit_price_nano + tier.amount_minor * NANO
    return Part(quantity, tier.unit_price_nano, amount)


def _graduated(tiers: Sequence[Tier], quantity: int) -> list[Part]:
    """Each unit at the price of the tier that it falls into; a tier's own amount once it is begun."""
    found, below = [], 0
    for tier in tiers:
        reached = quantity if tier.up_to is None else min(quantity, tier.up_to)
        if reached > below:
            found.append(_in_tier(tier, reached - below))
            below = reached
    return found


def _tier_of(tiers: Sequence[Tier], quantity: int) -> Tier:
    """The tier that all of a quantity falls into."""
    return next(tier for tier in tiers if tier.up_to is None or quantity <= tier.up_to)


def _shared(exact: Sequence[Part]) -> tuple[Part, ...]:
    """Each part gets its whole minor units; those that rounding the sum leaves go to the largest remainders."""
    left = rounded(sum(part.amount_nano for part in exact)) - sum(part.amount_nano // NANO for part in exact)
    largest = sorted(range(len(exact)), key=lambda at: (-(exact[at].amount_nano % NANO), at))[:left]
    return tuple(
        replace(part, amount_minor=part.amount_nano // NANO + (at in largest)) for at, part in enumerate(exact)
    )
