"""Products and prices."""

from billing.providers.sandbox import identifiers
from billing.providers.sandbox.shapes import Json


def product(params: Json, *, at: int) -> Json:
    """A product, under its own id if one was given."""
    return {
        "id": params.get("id") or identifiers.new("prod", 14),
        "object": "product",
        "active": params.get("active", True),
        "created": at,
        "default_price": None,
        "description": params.get("description"),
        "images": params.get("images", []),
        "livemode": False,
        "marketing_features": params.get("marketing_features", []),
        "metadata": params.get("metadata") or {},
        "name": params["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": params.get("statement_descriptor"),
        "tax_code": None,
        "type": "service",
        "unit_label": params.get("unit_label"),
        "updated": at,
        "url": params.get("url"),
    }


def price(params: Json, *, product_id: str, at: int) -> Json:
    """A price per unit, per package or by tiers, once or each interval."""
    recurring, tiered = params.get("recurring"), params.get("billing_scheme") == "tiered"
    unit = None if tiered else params.get("unit_amount_decimal", str(params.get("unit_amount")))
    return {
        "id": identifiers.new("price"),
        "object": "price",
        "active": params.get("active", True),
        "billing_scheme": params.get("billing_scheme", "per_unit"),
        "created": at,
        "currency": params["currency"],
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": params.get("lookup_key"),
        "metadata": params.get("metadata") or {},
        "nickname": params.get("nickname"),
        "product": product_id,
        "recurring": _recurring(recurring) if recurring else None,
        "tax_behavior": params.get("tax_behavior", "unspecified"),
        "tiers_mode": params.get("tiers_mode"),
        "transform_quantity": params.get("transform_quantity"),
        "type": "recurring" if recurring else "one_time",
        "unit_amount": _whole(unit),
        "unit_amount_decimal": unit,
        "_tiers": [_tier(tier) for tier in params.get("tiers", [])],
    }


def _whole(amount: str | None) -> int | None:
    """The amount where it is one of whole minor units."""
    if amount is None:
        return None
    whole, _, rest = amount.partition(".")
    return None if rest.strip("0") else int(whole)


def _tier(params: Json) -> Json:
    amounts = {name: params.get(f"{name}_decimal", params.get(name)) for name in ("flat_amount", "unit_amount")}
    spelled = {name: None if value is None else str(value) for name, value in amounts.items()}
    return {
        **{name: _whole(value) for name, value in spelled.items()},
        **{f"{name}_decimal": value for name, value in spelled.items()},
        "up_to": params["up_to"],
    }


def _recurring(params: Json) -> Json:
    return {
        "interval": params["interval"],
        "interval_count": params.get("interval_count", 1),
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def plan_of(price: Json) -> Json:
    """The older form of a recurring price, which subscription items still carry beside it."""
    recurring = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "meter": None,
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": price["tiers_mode"],
        "transform_usage": price["transform_quantity"],
        "trial_period_days": None,
        "usage_type": recurring["usage_type"],
    }
