"""Prices as people read them."""

from django import template

from billing import money as amounts
from billing import price_text
from billing.models import Price

register = template.Library()


@register.filter
def money(amount_minor: int, currency: str) -> str:
    """Minor units with their currency's sign and digits."""
    return amounts.format_minor(amount_minor, currency)


@register.filter
def list_price(amount_minor: int, currency: str) -> str:
    """The digits behind the point only where they are not all noughts: $65."""
    return price_text.short(amounts.format_minor(amount_minor, currency))


@register.filter
def cost(price: Price) -> str:
    """What a price comes to: $65 a month."""
    return price_text.cost_of(price)


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
