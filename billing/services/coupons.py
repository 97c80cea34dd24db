"""Coupons: what one takes off, who may use it, and that its limits hold however many use it at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q, QuerySet

from billing import money
from billing.models import CheckoutSession, Coupon, CouponRedemption, Plan, Price, Purchase, Subscription
from billing.models.coupons import WHOLE
from billing.providers import provider
from billing.providers.protocol import ProviderRefused
from billing.providers.specs import CouponSpec
from billing.services.publishing import Published, Refusal
from orgs.models import Organization, Product
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import User

USED = "COUPON_USED"
USED_UP = "This coupon has been used as often as it can be."
USED_BEFORE = "Your organization has used this coupon already."
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


def covers(coupon: Coupon, plan: Plan) -> bool:
    """Whether it takes anything off the plan: one of a product is for the plans that the product had by then."""
    if coupon.product_id is None:
        return True
    return plan.product_id == coupon.product_id and plan.created_at <= coupon.created_at


@transaction.atomic
def add(values: Mapping[str, Any], *, by: "User | None") -> Coupon:
    """A coupon; its code is written in capitals."""
    _check(values)
    product = values.get("product")
    wanted = {**values, "code": str(values["code"]).upper(), "product": _sold(product) if product else None}
    try:
        with transaction.atomic():
            coupon = Coupon.objects.create(**wanted)
    except IntegrityError as error:
        raise Conflict(f"There is a coupon {wanted['code']} already.") from error
    audit.record("coupon.create", coupon, by=by)
    return coupon


def _sold(code: str) -> Product:
    """A product with plans: its coupon is for those that are there, so without any it would be for none."""
    found = Product.objects.filter(code=code).first()
    if found is None:
        raise InvalidInput(f"There is no product {code!r}.", details={"product": ["Unknown product."]})
    if not found.plans.exists():
        message = "It has no plan yet, and a coupon is for the plans that are there: make one first."
        raise InvalidInput(f"{found} has no plan yet.", details={"product": [message]})
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
    if not covers(coupon, price.plan):
        raise _refused(f"This coupon is older than {price.plan}, and not for it.")
    if coupon.first_purchase_only and _has_bought(organization):
        raise _refused("This coupon is for a first purchase.")
    _check_uses(coupon, organization)
    return coupon


def _refused(message: str) -> InvalidInput:
    return InvalidInput(message, details={"coupon": [message]})


def _used(message: str) -> Conflict:
    return Conflict(message, code=USED, details={"coupon": [message]})


def _has_bought(organization: Organization) -> bool:
    bought = (Subscription.objects, Purchase.objects)
    return any(rows.filter(organization=organization).exists() for rows in bought)


def _check_uses(coupon: Coupon, organization: Organization) -> None:
    """As far as it can be told before one is held; what an open checkout of theirs holds is theirs."""
    mine = CouponRedemption.objects.filter(coupon=coupon, organization=organization)
    held = mine.exclude(status=Status.RELEASED).first()
    if held is not None and held.status == Status.REDEEMED:
        raise _used(USED_BEFORE)
    if held is None and coupon.max_redemptions is not None and coupon.redemption_count >= coupon.max_redemptions:
        raise _used(USED_UP)


@transaction.atomic
def reserve(
    coupon: Coupon, organization: Organization, *, by: "User | None", checkout: CheckoutSession | None = None
) -> CouponRedemption:
    """Hold one use of a coupon for an organization: a second is a 409 COUPON_USED, and one beyond its limit too."""
    taken = Coupon.objects.filter(pk=coupon.pk, is_active=True)
    left = Q(max_redemptions=None) | Q(redemption_count__lt=F("max_redemptions"))
    if not taken.filter(left).update(redemption_count=F("redemption_count") + 1):
        raise _used(USED_UP)
    try:
        with transaction.atomic():
            held = CouponRedemption.objects.create(coupon=coupon, organization=organization, checkout=checkout)
    except IntegrityError as error:
        raise _used(USED_BEFORE) from error
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
    if not reserved.update(status=Status.RELEASED):
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


@dataclass(frozen=True)
class Affected:
    """Who has to do with a coupon now: those who used it keep what it gives, those about to pay may use it."""

    redeemed_count: int
    reserved_count: int
    # Live subscriptions that it takes something off yet.
    subscription_count: int


def affected_by(coupon: Coupon) -> Affected:
    """Those who used the coupon, or are about to."""
    counted = coupon.redemptions.aggregate(
        redeemed=Count("pk", filter=Q(status=Status.REDEEMED)), reserved=Count("pk", filter=Q(status=Status.RESERVED))
    )
    used = CouponRedemption.objects.filter(coupon=coupon, status=Status.REDEEMED)
    bought = used.values("checkout__provider_subscription_id")
    running = Subscription.objects.filter(provider_subscription_id__in=bought).live()
    lasting = 0 if coupon.duration == Coupon.Duration.ONCE else running.count()
    return Affected(counted["redeemed"], counted["reserved"], lasting)


def publish(*, by: "User | None" = None) -> Published:
    """Create (or adopt) at the provider every coupon that can be used and is not there yet. May be repeated.

    What the provider refuses stands in the way of no other, and waits: what it says may be mended there.
    """
    unpublished = Coupon.objects.filter(is_active=True, provider_coupon_id="").select_related("product")
    # One that is for none of its product's plans would be for everything there.
    waiting = [coupon for coupon in unpublished if coupon.product is None or _covered(coupon).exists()]
    refused = []
    for coupon in waiting:
        try:
            published(coupon, by=by)
        except ProviderRefused as error:
            refused.append(Refusal(coupon.code, error.message))
    return Published(len(waiting) - len(refused), tuple(refused))


def published(coupon: Coupon, *, by: "User | None" = None) -> str:
    """The provider's coupon; made (or adopted) with the first thing that needs it."""
    if not coupon.provider_coupon_id:
        coupon.provider_coupon_id = provider().ensure_coupon(_spec(coupon), key=f"coupon:{coupon.pk}")
        with transaction.atomic():
            found = {"provider_coupon_id": coupon.provider_coupon_id}
            if Coupon.objects.filter(pk=coupon.pk, provider_coupon_id="").update(**found):
                audit.record("coupon.publish", coupon, by=by, changes=found)
    return coupon.provider_coupon_id


def _covered(coupon: Coupon) -> QuerySet[Plan]:
    """The plans that a coupon of a product is for."""
    plans = Plan.objects.filter(created_at__lte=coupon.created_at)
    return plans.filter(product=coupon.product_id) if coupon.product_id else plans.none()


def _spec(coupon: Coupon) -> CouponSpec:
    # At the provider each plan is a product; of those that come later its coupon says nothing.
    codes = _covered(coupon).values_list("code", flat=True)
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
