"""What a quantity of something costs: per unit, per package, or by tiers. Every amount billed comes from here."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from billing.providers.sandbox.money import amount_text
from billing.providers.sandbox.shapes import Json


@dataclass(frozen=True)
class Part:
    """A quantity at one price, which is one line of an invoice. `name` tells tiers apart; "" where there are none."""

    quantity: int
    amount: int
    unit_amount_decimal: str
    name: str = ""


def amount_of(price: Json, quantity: int) -> int:
    """What so many cost for one period, or once."""
    return sum(part.amount for part in parts_of(price, quantity))


def parts_of(price: Json, quantity: int) -> list[Part]:
    """The same, line by line."""
    if price["billing_scheme"] == "per_unit":
        unit = price["unit_amount_decimal"]
        return [Part(quantity, _rounded(Decimal(unit) * _units(price, quantity)), unit)]
    return (_graduated if price["tiers_mode"] == "graduated" else _volume)(price, quantity)


def _units(price: Json, quantity: int) -> int:
    """How many are paid for: packages begun, or packages full."""
    packages = price["transform_quantity"]
    if not packages:
        return quantity
    full, rest = divmod(quantity, int(packages["divide_by"]))
    return full + 1 if rest and packages["round"] == "up" else full


def _rounded(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def _graduated(price: Json, quantity: int) -> list[Part]:
    """Each tier for what falls into it; a tier's flat amount as soon as it is reached."""
    parts: list[Part] = []
    begun = 0
    for number, tier in enumerate(price["_tiers"], start=1):
        within = quantity - begun if tier["up_to"] is None else min(quantity, tier["up_to"]) - begun
        if within <= 0 and parts:
            break
        parts += _tier(tier, max(within, 0), f"tier {number}")
        begun += max(within, 0)
    return parts


def _volume(price: Json, quantity: int) -> list[Part]:
    """All of it at the price of the tier that it reaches."""
    for number, tier in enumerate(price["_tiers"], start=1):
        if tier["up_to"] is None or quantity <= tier["up_to"]:
            return _tier(tier, quantity, f"tier {number}")
    raise AssertionError("The last tier has no end.")


def _tier(tier: Json, quantity: int, name: str) -> list[Part]:
    unit = tier["unit_amount_decimal"] or "0"
    parts = [Part(quantity, _rounded(Decimal(unit) * quantity), unit, name)]
    flat = tier["flat_amount_decimal"]
    return [*parts, Part(0, _rounded(Decimal(flat)), flat, f"flat fee of {name}")] if flat and Decimal(flat) else parts


def described(price: Json, part: Part, name: str) -> str:
    """As invoices say it: how many of what, at which price."""
    recurring = price["recurring"]
    per = f" / {_interval(recurring)}" if recurring else ""
    each = _each(Decimal(part.unit_amount_decimal), price["currency"])
    if part.name.startswith("flat"):
        return f"{name} ({part.name}{per})"
    packages = price["transform_quantity"]
    of = f" per {packages['divide_by']}" if packages else ""
    tier = f"{part.name} " if part.name else ""
    return f"{part.quantity} × {name} ({tier}at {each}{of}{per})"  # noqa: RUF001


def _each(unit: Decimal, currency: str) -> str:
    whole = unit == unit.to_integral_value()
    return amount_text(int(unit), currency) if whole else f"{unit.normalize():f} minor units {currency.upper()}"


def _interval(recurring: Json) -> str:
    interval, count = recurring["interval"], recurring["interval_count"]
    return f"{interval}" if count == 1 else f"every {count} {interval}s"
