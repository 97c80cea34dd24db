"""Products and prices at Stripe, known by our names: the product's id and the price's lookup key are ours."""

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import stripe

from billing.providers.protocol import ProviderRefused
from billing.providers.specs import PriceSpec
from billing.providers.stripe.normalize import Raw, dig, plain

if TYPE_CHECKING:
    from stripe.params import PriceCreateParams

# Stripe looks up at most so many keys at a time.
LOOKUP_LIMIT = 10
MISSING = "resource_missing"
EXISTS = "resource_already_exists"
# A minor unit in nano-minor.
NANO = 10**9
TIERED = ("graduated", "volume")


def ensure_prices(client: stripe.StripeClient, specs: Sequence[PriceSpec]) -> dict[str, str]:
    """Each spec's price id: adopted where its lookup key is known at Stripe, else created."""
    known = _known(client, [spec.lookup_key for spec in specs])
    return {
        spec.lookup_key: _adopt(known[spec.lookup_key], spec) if spec.lookup_key in known else _create(client, spec)
        for spec in specs
    }


def _known(client: stripe.StripeClient, keys: Sequence[str]) -> dict[str, stripe.Price]:
    pages = [keys[start : start + LOOKUP_LIMIT] for start in range(0, len(keys), LOOKUP_LIMIT)]
    found = [
        price
        for page in pages
        for price in client.v1.prices.list({"lookup_keys": list(page), "expand": ["data.tiers"]}).data
    ]
    return {price.lookup_key: price for price in found if price.lookup_key}


def _adopt(price: stripe.Price, spec: PriceSpec) -> str:
    """A price under our name that costs something else must not be sold as ours."""
    if _terms(plain(price)) != _wanted(spec):
        raise ProviderRefused(
            f"The payment provider holds another price under {spec.lookup_key!r}: archive it there or rename ours."
        )
    return price.id


def _terms(price: Raw) -> tuple[object, ...]:
    """What makes two prices the same price."""
    unit = price.get("unit_amount_decimal")
    tiers = [
        (tier["up_to"], Decimal(tier["unit_amount_decimal"] or 0), tier["flat_amount"] or 0)
        for tier in price.get("tiers") or ()
    ]
    return (
        price["currency"],
        dig(price, "recurring", "interval") or "",
        price.get("tiers_mode") or "",
        dig(price, "transform_quantity", "divide_by") or 1,
        None if unit is None else Decimal(unit),
        tiers,
    )


def _wanted(spec: PriceSpec) -> tuple[object, ...]:
    tiered = spec.scheme in TIERED
    tiers = [(tier.up_to, Decimal(tier.unit_nano) / NANO, tier.flat_minor) for tier in spec.tiers]
    package = spec.package_size if spec.scheme == "package" else 1
    unit = None if tiered else _unit(spec)
    return spec.currency, spec.interval, spec.scheme if tiered else "", package, unit, tiers


def _unit(spec: PriceSpec) -> Decimal:
    return Decimal(spec.amount_minor) if spec.unit_nano is None else Decimal(spec.unit_nano) / NANO


def _create(client: stripe.StripeClient, spec: PriceSpec) -> str:
    _ensure_product(client, spec)
    params: dict[str, Any] = {
        "product": spec.product_code,
        "currency": spec.currency,
        "lookup_key": spec.lookup_key,
        **({"recurring": {"interval": spec.interval}} if spec.interval else {}),
        **(_tiers(spec) if spec.scheme in TIERED else {"unit_amount_decimal": f"{_unit(spec).normalize():f}"}),
    }
    if spec.scheme == "package" and spec.package_size > 1:
        params["transform_quantity"] = {"divide_by": spec.package_size, "round": "up"}
    # The same terms are the same request; other terms under the same name are another.
    key = f"price:{spec.lookup_key}:{_digest(repr(_wanted(spec)))}"
    return client.v1.prices.create(cast("PriceCreateParams", params), {"idempotency_key": key}).id


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _tiers(spec: PriceSpec) -> dict[str, Any]:
    tiers = [
        {
            "up_to": "inf" if tier.up_to is None else tier.up_to,
            "unit_amount_decimal": f"{(Decimal(tier.unit_nano) / NANO).normalize():f}",
            **({"flat_amount": tier.flat_minor} if tier.flat_minor else {}),
        }
        for tier in spec.tiers
    ]
    return {"billing_scheme": "tiered", "tiers_mode": spec.scheme, "tiers": tiers}


def _ensure_product(client: stripe.StripeClient, spec: PriceSpec) -> None:
    try:
        client.v1.products.retrieve(spec.product_code)
    except stripe.InvalidRequestError as error:
        if error.code != MISSING:
            raise
        _create_product(client, spec)


def _create_product(client: stripe.StripeClient, spec: PriceSpec) -> None:
    try:
        client.v1.products.create(
            {"id": spec.product_code, "name": spec.product_name},
            # Under another name it is another request.
            {"idempotency_key": f"product:{spec.product_code}:{_digest(spec.product_name)}"},
        )
    except stripe.InvalidRequestError as error:
        # Somebody else set up at the same time.
        if error.code != EXISTS:
            raise
