"""What a price comes to, as people read it before they choose how many."""

from billing.models import Price
from billing.models.terms import Tier
from billing.money import format_minor, format_unit_price


def cost_of(price: Price) -> str:
    """$19.01 a month; by tiers or packages, each of them."""
    return f"{_amount(price)} a {price.interval}"


def each_of(price: Price) -> str:
    """The same, where so much is for one of several."""
    return cost_of(price) + (" for each" if price.scheme == Price.Scheme.PER_UNIT else "")


def _amount(price: Price) -> str:
    if price.steps:
        said = "; ".join(_tier(tier, price.currency) for tier in price.steps)
        return f"{said}, {'all at one price' if price.scheme == Price.Scheme.VOLUME else 'tier by tier'},"
    amount = short(format_minor(price.amount_minor or 0, price.currency))
    return f"{amount} for every {price.package_size:,} begun," if price.package_size else amount


def _tier(tier: Tier, currency: str) -> str:
    unit = short(format_unit_price(tier.unit_price_nano, currency))
    once = f" and {short(format_minor(tier.amount_minor, currency))}" if tier.amount_minor else ""
    return f"{f'up to {tier.up_to:,}' if tier.up_to else 'beyond'}: {unit} each{once}"


def short(written: str) -> str:
    """The digits behind the point only where they are not all noughts: $65."""
    whole, _, rest = written.partition(".")
    return written if rest.strip("0") else whole
