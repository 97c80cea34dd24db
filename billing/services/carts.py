"""What somebody is about to buy, and what it comes to: what is shown before the payment is what the invoice says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from billing.models import CheckoutAddOn, CheckoutSession, Coupon, CouponRedemption, Plan, Price, Subscription
from billing.services import coupons, entitlements, plans, schemes
from orgs.models import Organization
from platform_core.errors import InvalidInput


@dataclass(frozen=True)
class Item:
    """A price and how many of it."""

    price: Price
    quantity: int = 1

    @property
    def amount_minor(self) -> int:
        """For one interval, before tax and discounts."""
        return schemes.amount_of(self.price, self.quantity)


@dataclass(frozen=True)
class Wishes:
    """What goes with a plan, as it was asked for: so many of it, add-ons by their code, the code of a coupon."""

    quantity: int = 1
    add_ons: Mapping[str, int] = field(default_factory=dict)
    coupon: str = ""


@dataclass(frozen=True)
class Cart:
    """What is bought together: a plan at a price, what is sold beside it, a coupon, days before the first payment."""

    item: Item
    add_ons: tuple[Item, ...] = ()
    coupon: Coupon | None = None
    trial_days: int = 0

    @property
    def price(self) -> Price:
        """The plan's."""
        return self.item.price

    @property
    def items(self) -> tuple[Item, ...]:
        """The plan's first."""
        return (self.item, *self.add_ons)


@dataclass(frozen=True)
class QuotedItem:
    """An item with what its coupon takes off."""

    item: Item
    amount_minor: int
    discount_minor: int


@dataclass(frozen=True)
class Quote:
    """What a cart comes to, before tax, in minor units of one currency."""

    items: tuple[QuotedItem, ...]
    coupon: Coupon | None
    trial_days: int
    currency: str
    interval: str

    @property
    def is_once(self) -> bool:
        """Whether nothing follows the first payment."""
        return self.interval == Price.Interval.ONCE

    @property
    def subtotal_minor(self) -> int:
        """What one interval costs without a coupon."""
        return sum(each.amount_minor for each in self.items)

    @property
    def discount_minor(self) -> int:
        """What the coupon takes off the first payment."""
        return sum(each.discount_minor for each in self.items)

    @property
    def total_minor(self) -> int:
        """The first payment."""
        return self.subtotal_minor - self.discount_minor

    @property
    def due_minor(self) -> int:
        """What is paid now: in a trial nothing, for the first payment comes when it ends."""
        return 0 if self.trial_days else self.total_minor


def fill(price: Price, buyer: Organization | None, wishes: Wishes) -> Cart:
    """A cart of what the buyer may have; else a 400 that names what they may not. Runs in a scope that reaches them."""
    plans.hold_quantity(price, wishes.quantity)
    if buyer is not None and price.kind == Price.Kind.RECURRING:
        entitlements.refuse_covered(price.plan, buyer)
    add_ons = tuple(_add_on(code, price, quantity) for code, quantity in sorted(wishes.add_ons.items()) if quantity)
    coupon = _coupon(wishes.coupon, price, buyer) if wishes.coupon.strip() else None
    return Cart(Item(price, wishes.quantity), add_ons, coupon, trial_days(price, buyer))


def of_plan(plan: Plan, buyer: Organization | None = None) -> Cart:
    """The plan by the month, and nothing beside it."""
    return fill(plans.price_of(plan), buyer, Wishes())


def trial_days(price: Price, buyer: Organization | None) -> int:
    """An organization tries each product once."""
    days = price.plan.trial_days if price.kind == Price.Kind.RECURRING else 0
    if not days or buyer is None:
        return days
    had = Subscription.objects.filter(organization=buyer, plan__product=price.plan.product_id)
    return 0 if had.exists() else days


def _coupon(code: str, price: Price, buyer: Organization | None) -> Coupon:
    if buyer is None:
        message = "Sign in to use a coupon: each organization has one use of it."
        raise InvalidInput(message, details={"coupon": [message]})
    return coupons.named(code, price, buyer)


def _add_on(code: str, price: Price, quantity: int) -> Item:
    found = offered(price).get(code)
    if found is None:
        message = f"There is no add-on {code!r} of {price.plan.product} on sale by the {price.interval} in "
        raise _refused(f"{message}{price.currency.upper()}.")
    plans.hold_quantity(found, quantity, field="add_ons")
    return Item(found, quantity)


def _refused(message: str) -> InvalidInput:
    return InvalidInput(message, details={"add_ons": [message]})


def offered(price: Price) -> dict[str, Price]:
    """The add-ons that can be bought with a price, by their code: what is billed together has one rhythm."""
    if price.kind != Price.Kind.RECURRING:
        return {}
    beside = Price.objects.sold_by(price.interval).filter(
        currency=price.currency, plan__in=Plan.objects.add_ons().filter(product=price.plan.product_id)
    )
    published = beside.exclude(provider_price_id="").select_related("plan__current").order_by("plan__rank")
    return {each.plan.code: each for each in published}


def quote(cart: Cart) -> Quote:
    """What it comes to. Discounts are shared out so that the items' sum to the whole."""
    amounts = [item.amount_minor for item in cart.items]
    quoted = tuple(QuotedItem(*each) for each in zip(cart.items, amounts, _off(cart, amounts), strict=True))
    return Quote(quoted, cart.coupon, cart.trial_days, cart.price.currency, cart.price.interval)


def _off(cart: Cart, amounts: list[int]) -> list[int]:
    """What the coupon takes off each: of what it is not for, nothing."""
    coupon = cart.coupon
    if coupon is None:
        return [0] * len(amounts)
    covered = (coupons.covers(coupon, item.price.plan) for item in cart.items)
    return coupons.shares(coupon, [amount if is_so else 0 for amount, is_so in zip(amounts, covered, strict=True)])


def first_payment(subscription: Subscription) -> Quote:
    """What a trial ends with, as it was bought."""
    beside = subscription.add_ons.select_related("price__plan")
    held = CouponRedemption.objects.filter(
        checkout__provider_subscription_id=subscription.provider_subscription_id,
        status=CouponRedemption.Status.REDEEMED,
    )
    redemption = held.select_related("coupon").first()
    add_ons = tuple(Item(each.price, each.quantity) for each in beside)
    item = Item(subscription.price, subscription.quantity)
    return quote(Cart(item, add_ons, redemption.coupon if redemption else None))


def stored(row: CheckoutSession) -> Cart:
    """The cart that a checkout was opened with."""
    beside = CheckoutAddOn.objects.filter(checkout=row).select_related("price__plan")
    held = CouponRedemption.objects.filter(checkout=row).select_related("coupon").first()
    # As a cart is filled; a database has its own order of characters.
    by_code = sorted(beside, key=lambda each: each.price.plan.code)
    add_ons = tuple(Item(each.price, each.quantity) for each in by_code)
    return Cart(Item(row.price, row.quantity), add_ons, held.coupon if held else None, row.trial_days)


def store(cart: Cart, row: CheckoutSession) -> None:
    """Keep what is beside the plan with the row of a new checkout, and hold one use of the coupon for it."""
    CheckoutAddOn.objects.bulk_create(
        CheckoutAddOn(checkout=row, price=item.price, quantity=item.quantity) for item in cart.add_ons
    )
    if cart.coupon is not None and row.organization is not None:
        coupons.reserve(cart.coupon, row.organization, by=row.created_by, checkout=row)
