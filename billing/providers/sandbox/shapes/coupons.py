"""Coupons, the codes that people type for them, and the discounts that come of it."""

from billing.providers.sandbox import identifiers
from billing.providers.sandbox.shapes import Json


def coupon(params: Json, *, at: int) -> Json:
    """A coupon, under its own id if one was given."""
    return {
        "id": params.get("id") or identifiers.new("", 8).lstrip("_"),
        "object": "coupon",
        "amount_off": params.get("amount_off"),
        "created": at,
        "currency": params.get("currency") if "amount_off" in params else None,
        "duration": params.get("duration", "once"),
        "duration_in_months": params.get("duration_in_months"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": params.get("metadata") or {},
        "name": params.get("name"),
        "percent_off": float(params["percent_off"]) if "percent_off" in params else None,
        "redeem_by": params.get("redeem_by"),
        "times_redeemed": 0,
        "valid": True,
        "_products": (params.get("applies_to") or {}).get("products", []),
    }


def promotion_code(params: Json, *, at: int) -> Json:
    """What a person types for a coupon; its case does not matter."""
    restrictions = params.get("restrictions") or {}
    code = params.get("code") or identifiers.new("", 8).lstrip("_").upper()
    return {
        "id": identifiers.new("promo"),
        "object": "promotion_code",
        "active": params.get("active", True),
        "code": code,
        "created": at,
        "customer": None,
        "customer_account": None,
        "expires_at": params.get("expires_at"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": params.get("metadata") or {},
        "promotion": {"coupon": params["promotion"]["coupon"], "type": "coupon"},
        "restrictions": {
            "first_time_transaction": restrictions.get("first_time_transaction", False),
            "minimum_amount": None,
            "minimum_amount_currency": None,
        },
        "times_redeemed": 0,
        "_lookup": code.upper(),
        "_product": params["promotion"]["coupon"],
    }


def discount(coupon: Json, code: Json | None, owner: Json, *, ends: int | None, at: int) -> Json:
    """A coupon at work for a subscription, an invoice or a checkout."""
    kind = owner["object"]
    return {
        "id": identifiers.new("di"),
        "object": "discount",
        "checkout_session": owner["id"] if kind == "checkout.session" else None,
        "customer": owner.get("customer"),
        "customer_account": None,
        "end": ends,
        "invoice": owner["id"] if kind == "invoice" else None,
        "invoice_item": None,
        "promotion_code": code["id"] if code else None,
        "source": {"coupon": coupon["id"], "type": "coupon"},
        "start": at,
        "subscription": owner["id"] if kind == "subscription" else None,
        "subscription_item": None,
    }
