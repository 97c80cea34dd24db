"""Prices as people read them."""

from django import template

from billing import money as amounts

register = template.Library()


@register.filter
def money(amount_minor: int, currency: str) -> str:
    """Minor units with their currency's sign and digits."""
    return amounts.format_minor(amount_minor, currency)


@register.filter
def list_price(amount_minor: int, currency: str) -> str:
    """The digits behind the point only where they are not all noughts: $65."""
    written = amounts.format_minor(amount_minor, currency)
    whole, _, rest = written.partition(".")
    return written if rest.strip("0") else whole


@register.filter
def unit_price(unit_price_nano: int, currency: str) -> str:
    """What a million tokens cost."""
    return amounts.format_unit_price(unit_price_nano, currency, per=1_000_000)


@register.filter
def rate(basis_points: int | None) -> str:
    """A share as people read it: 11333 is 113.3%."""
    if basis_points is None:
        return "n/a"
    return f"{basis_points // 100}.{basis_points % 100 // 10}%"


@register.filter
def heat(basis_points: int | None) -> int:
    """How strongly a share is coloured, from 0 to 5."""
    return min(5, (basis_points or 0) // 2_000)
