"""Coupons at Stripe, known by our names: the coupon's id and the code that people type are our code."""

from typing import TYPE_CHECKING, Any, cast

import stripe

from billing.providers.protocol import ProviderRefused
from billing.providers.specs import CouponSpec
from billing.providers.stripe.customers import is_missing
from billing.providers.stripe.normalize import Raw, dig, id_of, plain

if TYPE_CHECKING:
    from stripe._v1_services import V1Services
    from stripe.params import CouponCreateParams, PromotionCodeCreateParams

PERCENT = 100


def ensure(api: "V1Services", spec: CouponSpec, *, key: str) -> str:
    """The coupon's id: adopted where Stripe knows the code, else created; with the code beside it."""
    coupon = _adopted(api, spec) or _created(api, spec, key=key)
    codes = api.promotion_codes.list({"code": spec.code, "active": True, "limit": 1}).data
    if not codes:
        params = _code(spec, coupon)
        api.promotion_codes.create(params, {"idempotency_key": f"{key}:code"})
    elif id_of(dig(plain(codes[0]), "promotion", "coupon")) != coupon:
        raise _taken(spec)
    return coupon


def _adopted(api: "V1Services", spec: CouponSpec) -> str:
    try:
        found = plain(api.coupons.retrieve(spec.code))
    except stripe.InvalidRequestError as error:
        if not is_missing(error):
            raise
        return ""
    if _worth(found) != _wanted(spec):
        raise _taken(spec)
    return spec.code


def _worth(found: Raw) -> tuple[Any, ...]:
    percent = round(found["percent_off"] * PERCENT) if found.get("percent_off") else 0
    amount, currency = found.get("amount_off") or 0, found.get("currency") or ""
    return percent, amount, currency, found["duration"], found.get("duration_in_months") or 0


def _wanted(spec: CouponSpec) -> tuple[Any, ...]:
    currency = spec.currency if spec.amount_minor else ""
    months = spec.months if spec.duration == "repeating" else 0
    return spec.percent_basis_points, spec.amount_minor, currency, spec.duration, months


def _taken(spec: CouponSpec) -> ProviderRefused:
    """A coupon under our name that takes off something else must not be given as ours."""
    return ProviderRefused(
        f"The payment provider holds another coupon under {spec.code!r}: delete it there or rename ours."
    )


def _created(api: "V1Services", spec: CouponSpec, *, key: str) -> str:
    percent, amount, currency, duration, months = _wanted(spec)
    params: dict[str, Any] = {
        "id": spec.code,
        "name": spec.name,
        "duration": duration,
        **({"percent_off": percent / PERCENT} if percent else {"amount_off": amount, "currency": currency}),
        **({"duration_in_months": months} if months else {}),
        **({"max_redemptions": spec.max_redemptions} if spec.max_redemptions else {}),
        **({"redeem_by": int(spec.redeem_by.timestamp())} if spec.redeem_by else {}),
        **({"applies_to": {"products": list(spec.product_codes)}} if spec.product_codes else {}),
    }
    return api.coupons.create(cast("CouponCreateParams", params), {"idempotency_key": key}).id


def _code(spec: CouponSpec, coupon: str) -> "PromotionCodeCreateParams":
    params: dict[str, Any] = {"code": spec.code, "promotion": {"type": "coupon", "coupon": coupon}}
    if spec.first_purchase_only:
        params["restrictions"] = {"first_time_transaction": True}
    return cast("PromotionCodeCreateParams", params)
