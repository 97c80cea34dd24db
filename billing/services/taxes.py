"""Which tax is due, and how much of each line it is: pure functions over rows that the caller has read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from billing.models import BillingProfile, LegalEntity, TaxRate
from billing.models.taxes import PPM, percent
from billing.splitting import apportion, half_up
from billing.tax_ids import is_well_formed

REVERSE_CHARGE = "Reverse charge: the customer accounts for the tax."


@dataclass(frozen=True)
class Treatment:
    """What is due to the state on a sale, and what is to be said about it."""

    rate_ppm: int = 0
    is_inclusive: bool = False
    note: str = ""


@dataclass(frozen=True)
class Taxed:
    """What an invoice comes to. `lines` is the tax of each line; they sum to `tax_minor`."""

    subtotal_minor: int
    tax_minor: int
    total_minor: int
    lines: tuple[int, ...]


def rate_for(rates: Iterable[TaxRate], country: str, region: str, day: date) -> TaxRate | None:
    """The rate that holds there on that day: the region's own before the country's, the latest before an older one."""
    holding = [
        rate
        for rate in rates
        if rate.country == country
        and rate.region in ("", region)
        and rate.starts_on <= day
        and (rate.ends_on is None or day < rate.ends_on)
    ]
    return max(holding, key=lambda rate: (rate.region != "", rate.starts_on), default=None)


def treatment(seller: LegalEntity, buyer: BillingProfile | None, rates: Iterable[TaxRate], day: date) -> Treatment:
    """What is due on a sale to the buyer on that day; one whose country is not known is taxed as the seller's."""
    country = buyer.country if buyer and buyer.country else seller.country
    rate = rate_for(rates, country, buyer.region if buyer else "", day)
    if rate is None:
        return Treatment()
    if rate.is_reverse_charged and country != seller.country and buyer and is_well_formed(country, buyer.tax_id):
        return Treatment(note=REVERSE_CHARGE)
    return Treatment(rate.rate_ppm, rate.is_inclusive, f"{rate.name} {percent(rate.rate_ppm)}")


def taxed(amounts: Sequence[int], treated: Treatment) -> Taxed:
    """The tax of an invoice, rounded once and shared out over its lines by largest remainder."""
    subtotal = sum(amounts)
    whole = PPM + treated.rate_ppm if treated.is_inclusive else PPM
    tax = half_up(subtotal * treated.rate_ppm, whole)
    total = subtotal if treated.is_inclusive else subtotal + tax
    return Taxed(subtotal, tax, total, tuple(apportion(tax, amounts)))
