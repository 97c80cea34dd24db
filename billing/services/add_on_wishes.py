"""Which add-ons a running subscription has, and could have instead. Nothing is changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from billing.models import Plan, Price, Subscription, SubscriptionAddOn
from billing.services import carts, plans, schemes
from platform_core.errors import Conflict, InvalidInput

# Of one add-on.
MOST = 10_000


@dataclass(frozen=True)
class Beside:
    """An add-on as it is to be: so many at a price, none where it goes; and how many there are."""

    price: Price
    quantity: int
    before: int


@dataclass(frozen=True)
class Choice:
    """An add-on that a subscription has or could have."""

    price: Price
    quantity: int
    # Whether there may be more of it; what is not sold any more may only be lowered.
    is_on_sale: bool

    @property
    def amount_minor(self) -> int:
        """What so many cost each interval, before tax and discounts."""
        return schemes.amount_of(self.price, self.quantity) if self.quantity else 0


def choices(subscription: Subscription) -> list[Choice]:
    """What it has, at the price it has it for, and what else is on sale beside its plan."""
    held = {each.price.plan.code: each for each in subscription.add_ons.all()}
    on_sale = carts.offered(subscription.price)
    found = [Choice(each.price, each.quantity, each.price.plan.status == Plan.Status.ACTIVE) for each in held.values()]
    found += [Choice(price, 0, is_on_sale=True) for code, price in on_sale.items() if code not in held]
    return sorted(found, key=lambda each: each.price.plan.rank)


def wanted(subscription: Subscription, add_ons: Mapping[str, int]) -> tuple[Beside, ...]:
    """So many of each that is named by its code; else a 400 that says which cannot be had. The others stay."""
    known = {each.price.plan.code: each for each in choices(subscription)}
    return tuple(_wanted(subscription, known.get(code), code, count) for code, count in sorted(add_ons.items()))


def _wanted(subscription: Subscription, choice: Choice | None, code: str, quantity: int) -> Beside:
    price = subscription.price
    if choice is None:
        raise _refused(
            f"There is no add-on {code!r} of {subscription.plan.product} on sale by the {price.interval} in "
            f"{price.currency.upper()}."
        )
    if quantity > choice.quantity and not choice.is_on_sale:
        raise _refused(f"{choice.price.plan} is not sold any more: there can be no more of it.")
    if quantity:
        plans.hold_quantity(choice.price, quantity, field="add_ons")
    return Beside(choice.price, quantity, choice.quantity)


def _refused(message: str) -> InvalidInput:
    return InvalidInput(message, details={"add_ons": [message]})


def arranged(subscription: Subscription, price: Price, counts: Mapping[UUID, int]) -> tuple[Beside, ...]:
    """What changes beside the plan once it is had at this price, with so many of each add-on, by its plan.

    Whoever keeps the interval keeps the add-ons' prices; what is billed together has one rhythm. What is flat at its
    price by another interval goes along as one of it; more of it that is asked for is a 400.
    """
    on_sale = _on_sale(subscription, price, counts)
    found, left = list[Beside](), dict(counts)
    for held in subscription.add_ons.all():
        asked_for = left.pop(held.price.plan_id, None)
        quantity = held.quantity if asked_for is None else asked_for
        if price.interval == subscription.price.interval:
            found.append(Beside(held.price, quantity, held.quantity))
            continue
        found.append(Beside(held.price, 0, held.quantity))
        if quantity:
            other = _other(held, on_sale, price)
            found.append(Beside(other, schemes.units(other, quantity) if asked_for is None else quantity, 0))
    found += [Beside(on_sale[plan], quantity, 0) for plan, quantity in left.items() if plan in on_sale]
    for each in found:
        if each.quantity and not each.before:
            plans.hold_quantity(each.price, each.quantity, field="add_ons")
    return tuple(each for each in found if each.quantity != each.before)


def _on_sale(subscription: Subscription, price: Price, counts: Mapping[UUID, int]) -> dict[UUID, Price]:
    """By plan, where it has to be known."""
    is_needed = counts or (price.interval != subscription.price.interval and subscription.add_ons.all())
    return {each.plan_id: each for each in carts.offered(price).values()} if is_needed else {}


def _other(held: SubscriptionAddOn, on_sale: Mapping[UUID, Price], price: Price) -> Price:
    found = on_sale.get(held.price.plan_id)
    if found is None:
        raise Conflict(f"{held.price.plan} is not sold by the {price.interval}: remove it first.")
    return found


def each_period(subscription: Subscription, beside: tuple[Beside, ...]) -> int:
    """What the add-ons cost each period once these are as they are to be."""
    after = {held.price_id: (held.price, held.quantity) for held in subscription.add_ons.all()}
    after |= {each.price.pk: (each.price, each.quantity) for each in beside}
    return sum(schemes.amount_of(price, quantity) for price, quantity in after.values() if quantity)
