"""What a subscription has beside its plan, as the provider tells it."""

from django.db.models import Prefetch

from billing.models import Plan, Price, Subscription, SubscriptionAddOn, SubscriptionChange
from billing.providers.protocol import SubscriptionFact
from platform_core.services import audit


def fetched() -> "Prefetch[str]":
    """The add-ons of many subscriptions, with what they are and what they give, by one query."""
    rows = SubscriptionAddOn.objects.select_related("price__plan", "plan_version").order_by("price__plan__rank")
    return Prefetch("add_ons", rows)


def wished(change: SubscriptionChange) -> dict[Plan, int]:
    """How many of each a change wants: of one that is had at another price from then on, those."""
    wanted: dict[Plan, int] = {}
    for each in change.add_ons.select_related("price__plan").order_by("price__plan__rank"):
        wanted[each.price.plan] = wanted.get(each.price.plan, 0) + each.quantity
    return wanted


def told(change: SubscriptionChange) -> list[str]:
    """The same as people read it."""
    return [f"{count} × {plan.name}" if count else f"no {plan.name}" for plan, count in wished(change).items()]  # noqa: RUF001


def sides(row: Subscription, fact: SubscriptionFact) -> tuple[dict[str, int], dict[str, int]]:
    """What it has here, and what the provider says that it has: so many at each of our prices."""
    told = _told_beside(fact)
    sold = Price.objects.filter(provider_price_id__in=told, plan__is_add_on=True) if told else []
    ours = dict(row.add_ons.values_list("price__provider_price_id", "quantity"))
    return ours, {price.provider_price_id: told[price.provider_price_id] for price in sold}


def _told_beside(fact: SubscriptionFact) -> dict[str, int]:
    return {item.price_id: item.quantity for item in fact.items if item.price_id != fact.price_id}


def follow(row: Subscription, fact: SubscriptionFact) -> bool:
    """Bring its add-ons to the fact, in the transaction that records it; True where that changed any.

    One that was there keeps the terms it was added on, at another price of it too. What is no add-on of ours is left to
    the provider.
    """
    told = _told_beside(fact)
    known = {held.price.provider_price_id: held for held in row.add_ons.select_related("price", "plan_version")}
    if not told and not known:
        return False
    terms = {held.price.plan_id: held.plan_version for held in known.values()}
    before = {held.price.lookup_key: held.quantity for held in known.values()}
    sold = Price.objects.filter(provider_price_id__in=told, plan__is_add_on=True).select_related("plan__current")
    after = {price.lookup_key: told[price.provider_price_id] for price in sold}
    for price in sold:
        held = known.pop(price.provider_price_id, None) or SubscriptionAddOn(
            subscription=row, price=price, plan_version=terms.get(price.plan_id, price.plan.current)
        )
        held.quantity = told[price.provider_price_id]
        held.save()
    row.add_ons.filter(pk__in=[gone.pk for gone in known.values()]).delete()
    if before != after:
        audit.record("subscription.add_ons", row, by=None, changes={"add_ons": [before, after]})
    return before != after
