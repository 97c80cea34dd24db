"""The shop's Hosting Pro, priced by another scheme than so much for each."""

from typing import Any

from billing.models import NANO, Plan, Price
from billing.services import catalog, prices
from tests import kept
from tests.billing import shop

FLAT: dict[str, Any] = {"scheme": "flat", "amount_minor": 12_900}
PACKAGE: dict[str, Any] = {"scheme": "package", "amount_minor": 12_900, "package_size": 2}
_TIERED: dict[str, Any] = {
    "amount_minor": None,
    "tiers": [
        {"up_to": 1, "unit_price_nano": 5_000 * NANO + NANO // 2, "amount_minor": 900},
        {"up_to": None, "unit_price_nano": 3_000 * NANO + NANO // 2, "amount_minor": 400},
    ],
}
GRADUATED = _TIERED | {"scheme": "graduated"}
VOLUME = _TIERED | {"scheme": "volume"}
SCHEMES = {each["scheme"]: each for each in (FLAT, PACKAGE, GRADUATED, VOLUME)}


def opened(scheme: str) -> Price:
    """An open shop in which it is sold so."""
    kept.situation(f"a shop with a {scheme} price", lambda: _open(SCHEMES[scheme]))
    return Price.objects.select_related("plan__product").get(scheme=scheme, is_active=True)


def _open(terms: dict[str, Any]) -> None:
    shop.opened()
    pro = Plan.objects.get(code="hosting-pro").prices.get(kind=Price.Kind.RECURRING)
    prices.replace(pro, by=None, **terms)
    catalog.publish_prices()
