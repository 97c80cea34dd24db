"""Products and prices at Stripe, known by our names: the product's id and the price's lookup key are ours."""

from collections.abc import Sequence

import stripe

from billing.providers.protocol import PriceSpec, ProviderError

# Stripe looks up at most so many keys at a time.
LOOKUP_LIMIT = 10
MISSING = "resource_missing"
EXISTS = "resource_already_exists"


def ensure_prices(client: stripe.StripeClient, specs: Sequence[PriceSpec]) -> dict[str, str]:
    """Each spec's price id: adopted where its lookup key is known at Stripe, else created."""
    known = _known(client, [spec.lookup_key for spec in specs])
    return {
        spec.lookup_key: _adopt(known[spec.lookup_key], spec) if spec.lookup_key in known else _create(client, spec)
        for spec in specs
    }


def _known(client: stripe.StripeClient, keys: Sequence[str]) -> dict[str, stripe.Price]:
    pages = [keys[start : start + LOOKUP_LIMIT] for start in range(0, len(keys), LOOKUP_LIMIT)]
    found = [price for page in pages for price in client.v1.prices.list({"lookup_keys": list(page)}).data]
    return {price.lookup_key: price for price in found if price.lookup_key}


def _adopt(price: stripe.Price, spec: PriceSpec) -> str:
    """A price under our name that costs something else must not be sold as ours."""
    interval = price.recurring.interval if price.recurring else None
    if (price.unit_amount, price.currency, interval) != (spec.amount_minor, spec.currency, spec.interval):
        raise ProviderError(
            f"The payment provider holds another price under {spec.lookup_key!r}: archive it there or rename ours."
        )
    return price.id


def _create(client: stripe.StripeClient, spec: PriceSpec) -> str:
    _ensure_product(client, spec)
    price = client.v1.prices.create(
        {
            "product": spec.product_code,
            "currency": spec.currency,
            "unit_amount": spec.amount_minor,
            "recurring": {"interval": "year" if spec.interval == "year" else "month"},
            "lookup_key": spec.lookup_key,
        },
        {"idempotency_key": f"price:{spec.lookup_key}:{spec.amount_minor}:{spec.currency}:{spec.interval}"},
    )
    return price.id


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
            {"id": spec.product_code, "name": spec.product_name}, {"idempotency_key": f"product:{spec.product_code}"}
        )
    except stripe.InvalidRequestError as error:
        # Somebody else set up at the same time.
        if error.code != EXISTS:
            raise
