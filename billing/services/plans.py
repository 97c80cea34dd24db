"""Which plan somebody means, and which one is the next step up."""

from django.db.models import Q, QuerySet

from billing.models import Plan, Price, Subscription
from billing.services import schemes
from orgs.models import Organization
from platform_core.errors import Conflict, InvalidInput


def plan_for(organization: Organization, *, product: str = "", plan: str = "") -> Plan:
    """The plan named by product and plan, or one step up from the organization's present one."""
    if plan:
        return named(product, plan)
    if product and not Plan.objects.filter(product__code=product).exists():
        raise InvalidInput(f"There is no product {product!r}.", details={"product": ["Unknown product."]})
    return _step_up(organization, product)


def named(product: str, plan: str) -> Plan:
    """By its own code ("hosting-pro"), or by its level within a product ("pro" of "hosting")."""
    found = _on_sale(product).filter(Q(code=plan) | Q(product__code=product, code=f"{product}-{plan}")).first()
    if found is None:
        raise InvalidInput(
            f"There is no plan {plan!r} on sale.",
            details={"plan": ["Unknown plan. Name a plan's code, or a product and one of its levels."]},
        )
    return found


def _step_up(organization: Organization, product: str) -> Plan:
    present = _present(organization, product)
    if present is None:
        lowest = _on_sale(product).first()
        if lowest is None:
            raise Conflict("Nothing is on sale yet.")
        return lowest
    higher = _on_sale(present.product.code).filter(rank__gt=present.rank).first()
    if higher is None:
        raise Conflict(f"{present.name} is the highest plan.")
    return higher


def _on_sale(product: str) -> QuerySet[Plan]:
    on_sale = Plan.objects.on_sale().select_related("product", "current")
    return on_sale.filter(product__code=product) if product else on_sale


def beside(subscription: Subscription) -> QuerySet[Plan]:
    """The plans of its product that a subscription can be changed to, by whichever interval, and its present one."""
    sold = Price.objects.filter(
        kind=Price.Kind.RECURRING, currency=subscription.price.currency, is_active=True
    ).exclude(provider_price_id="")
    siblings = Plan.objects.filter(product=subscription.plan.product_id)
    active = siblings.on_sale().filter(is_custom=False, prices__in=sold)
    return (active | siblings.filter(pk=subscription.plan_id)).distinct()


def intervals_beside(subscription: Subscription) -> list[str]:
    """By which intervals those can be paid for, the shortest first; its own among them."""
    sold = Price.objects.filter(
        kind=Price.Kind.RECURRING, currency=subscription.price.currency, is_active=True, plan__in=beside(subscription)
    ).exclude(provider_price_id="")
    found = {subscription.price.interval, *sold.values_list("interval", flat=True)}
    return [each for each in Price.Interval.values if each in found]


def _present(organization: Organization, product: str) -> Plan | None:
    """The plan of the organization's newest live subscription."""
    live = Subscription.objects.filter(organization=organization).live().select_related("plan__product")
    subscription = (live.filter(plan__product__code=product) if product else live).first()
    return subscription.plan if subscription else None


def price_of(plan: Plan, *, interval: str = Price.Interval.MONTH, currency: str = "") -> Price:
    """The price at which a plan can be bought now, once where that is the interval; of several currencies the first."""
    if plan.status != Plan.Status.ACTIVE:
        raise Conflict(f"{plan.name} is not sold any more.")
    if plan.is_add_on:
        raise Conflict(f"{plan.name} is sold beside a plan of {plan.product}, not by itself.")
    if plan.is_custom:
        raise Conflict(f"{plan.name} is sold by agreement: please contact us.")
    prices = plan.prices.sold_by(interval).filter(**({"currency": currency} if currency else {}))
    price = prices.select_related("plan__product", "plan__current").order_by("pk").first()
    others = plan.prices.filter(is_active=True).exclude(kind=Price.Kind.OVERAGE).exclude(interval=interval)
    if price is None and others.exists():
        message = f"{plan.name} has no price by this interval."
        raise InvalidInput(message, details={"interval": [message]})
    if price is None or not price.provider_price_id:
        raise Conflict(f"{plan.name} cannot be bought yet: its price has not been published at the payment provider.")
    return price


def hold_quantity(price: Price, quantity: int, *, field: str = "quantity") -> None:
    """What costs the same whatever the quantity is sold one at a time."""
    if schemes.units(price, quantity) != quantity:
        message = f"{price.plan} is sold one at a time."
        raise InvalidInput(message, details={field: [message]})


def overage_price_of(price: Price) -> Price | None:
    """What is beyond the allotment costs whoever buys at this price now; of two, the one of its own interval."""
    beyond = price.plan.prices.filter(kind=Price.Kind.OVERAGE, currency=price.currency, is_active=True)
    return min(beyond, key=lambda one: one.interval != price.interval, default=None)
