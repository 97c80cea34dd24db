"""Coupons: what one takes off, who may use it, and that its limits hold however many use it at once."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from billing import money
from billing.models import CheckoutSession, Coupon, CouponRedemption, Price, Subscription
from billing.models.coupons import WHOLE
from billing.providers import provider
from billing.providers.specs import CouponSpec
from orgs.models import Organization, Product
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import User

USED = "COUPON_USED"
Status = CouponRedemption.Status


def discount(coupon: Coupon, amount_minor: int) -> int:
    """What it takes off an amount: half a minor unit upwards, and never more than there is."""
    if coupon.percent_basis_points is None:
        return min(coupon.amount_minor or 0, max(0, amount_minor))
    return (max(0, amount_minor) * coupon.percent_basis_points + WHOLE // 2) // WHOLE


def shares(coupon: Coupon, amounts: Sequence[int]) -> list[int]:
    """What it takes off each of several lines: together what it takes off their sum, largest remainders first."""
    whole = sum(max(0, amount) for amount in amounts)
    off = discount(coupon, whole)
    if not whole:
        return [0 for _ in amounts]
    exact = [divmod(max(0, amount) * off, whole) for amount in amounts]
    left = off - sum(share for share, _ in exact)
    largest = sorted(range(len(exact)), key=lambda at: (-exact[at][1], at))[:left]
    return [share + (at in largest) for at, (share, _) in enumerate(exact)]


@transaction.atomic
def add(values: Mapping[str, Any], *, by: "User | None") -> Coupon:
    """A coupon; its code is written in capitals."""
    _check(values)
    product = values.get("product")
    wanted = {**values, "code": str(values["code"]).upper(), "product": _product(product) if product else None}
    try:
        with transaction.atomic():
            coupon = Coupon.objects.create(**wanted)
    except IntegrityError as error:
        raise Conflict(f"There is a coupon {wanted['code']} already.") from error
    audit.record("coupon.create", coupon, by=by)
    return coupon


def _product(code: str) -> Product:
    found = Product.objects.filter(code=code).first()
    if found is None:
        raise InvalidInput(f"There is no product {code!r}.", details={"product": ["Unknown product."]})
    return found


def _check(values: Mapping[str, Any]) -> None:
    percent, amount, currency = (values.get(name) for name in ("percent_basis_points", "amount_minor", "currency"))
    wanted = {
        "percent_basis_points": (percent is None) != (amount is None) and (percent is None or 1 <= percent <= WHOLE),
        "amount_minor": amount is None or amount >= 1,
        "currency": (currency or "") in money.CURRENCIES if amount is not None else not currency,
        "months": (values.get("duration") == Coupon.Duration.REPEATING) == bool(values.get("months")),
    }
    said = {
        "percent_basis_points": f"Either a percentage (1 to {WHOLE} hundredths of a percent) or an amount is wanted.",
        "amount_minor": "A whole number from 1 on is wanted.",
        "currency": "An amount has an ISO 4217 currency such as usd; a percentage has none.",
        "months": "A repeating coupon says for how many months, and no other does.",
    }
    problems = {name: [said[name]] for name, holds in wanted.items() if not holds}
    if problems:
        raise InvalidInput("The coupon is not valid.", details=problems)


def named(code: str, price: Price, organization: Organization) -> Coupon:
    """The coupon of this code, if the organization may use it for this price; else why not, as a 400 of `coupon`."""
    coupon = Coupon.objects.filter(code=code.strip().upper()).select_related("product").first()
    if coupon is None or not coupon.is_active:
        raise _refused("There is no such coupon.")
    if coupon.redeem_until is not None and coupon.redeem_until <= clock.now():
        raise _refused("This coupon has run out.")
    if coupon.product_id is not None and coupon.product_id != price.plan.product_id:
        raise _refused(f"This coupon is for {coupon.product}.")
    if coupon.amount_minor is not None and coupon.currency != price.currency:
        raise _refused(f"This coupon is in {coupon.currency.upper()}, the price in {price.currency.upper()}.")
    if coupon.first_purchase_only and Subscription.objects.filter(organization=organization).exists():
        raise _refused("This coupon is for a first purchase.")
    return coupon


def _refused(message: str) -> InvalidInput:
    return InvalidInput(message, details={"coupon": [message]})


@transaction.atomic
def reserve(
    coupon: Coupon, organization: Organization, *, by: "User | None", checkout: CheckoutSession | None = None
) -> CouponRedemption:
    """Hold one use of a coupon for an organization: a second is a 409 COUPON_USED, and one beyond its limit too."""
    taken = Coupon.objects.filter(pk=coupon.pk, is_active=True)
    left = Q(max_redemptions=None) | Q(redemption_count__lt=F("max_redemptions"))
    if not taken.filter(left).update(redemption_count=F("redemption_count") + 1):
        raise Conflict("This coupon has been used as often as it can be.", code=USED)
    try:
        with transaction.atomic():
            held = CouponRedemption.objects.create(coupon=coupon, organization=organization, checkout=checkout)
    except IntegrityError as error:
        raise Conflict("Your organization has used this coupon already.", code=USED) from error
    audit.record("coupon.reserve", held, by=by, changes={"coupon": coupon.code})
    return held


@transaction.atomic
def redeem(held: CouponRedemption) -> bool:
    """Its checkout was paid; False where that was known."""
    reserved = CouponRedemption.objects.filter(pk=held.pk, status=Status.RESERVED)
    if not reserved.update(status=Status.REDEEMED, redeemed_at=clock.now()):
        return False
    audit.record("coupon.redeem", held, by=None, changes={"coupon": held.coupon.code})
    return True


@transaction.atomic
def release(held: CouponRedemption) -> bool:
    """Its checkout came to nothing: the use is free again. What was redeemed stays so."""
    reserved = CouponRedemption.objects.filter(pk=held.pk, status=Status.RESERVED)
    if not reserved.update(status=Status.RELEASED, checkout=None):
        return False
    Coupon.objects.filter(pk=held.coupon_id).update(redemption_count=F("redemption_count") - 1)
    audit.record("coupon.release", held, by=None, changes={"coupon": held.coupon.code})
    return True


@transaction.atomic
def end(coupon: Coupon, *, by: "User | None") -> Coupon:
    """Nobody can begin to use it any more; whoever did keeps what it gives. Again changes nothing."""
    coupon = Coupon.objects.select_for_update(of=("self",)).get(pk=coupon.pk)
    if coupon.is_active:
        coupon.is_active = False
        coupon.save(update_fields=["is_active"])
        audit.record("coupon.end", coupon, by=by)
    return coupon


def publish(*, by: "User | None" = None) -> int:
    """Create (or adopt) at the provider every coupon that can be used and is not there yet; tells how many."""
    waiting = list(Coupon.objects.filter(is_active=True, provider_coupon_id="").select_related("product"))
    for coupon in waiting:
        found = provider().ensure_coupon(_spec(coupon), key=f"coupon:{coupon.pk}")
        with transaction.atomic():
            if Coupon.objects.filter(pk=coupon.pk, provider_coupon_id="").update(provider_coupon_id=found):
                audit.record("coupon.publish", coupon, by=by, changes={"provider_coupon_id": found})
    return len(waiting)


def _spec(coupon: Coupon) -> CouponSpec:
    # At the provider each plan is a product.
    codes = coupon.product.plans.values_list("code", flat=True) if coupon.product else ()
    return CouponSpec(
        code=coupon.code,
        name=coupon.name,
        percent_basis_points=coupon.percent_basis_points or 0,
        amount_minor=coupon.amount_minor or 0,
        currency=coupon.currency,
        duration="repeating" if coupon.months else "forever" if coupon.duration == "forever" else "once",
        months=coupon.months or 0,
        max_redemptions=coupon.max_redemptions,
        redeem_by=coupon.redeem_until,
        first_purchase_only=coupon.first_purchase_only,
        product_codes=sorted(codes),
    )
