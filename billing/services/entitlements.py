"""What an organization may use: the one place that says it, for products, seats and what plans entitle to.

It follows from the subscriptions that give access now, on the terms each was bought on. Whatever changes one of them
calls `write_down` in its own transaction, which tells the organization; nothing else remembers the answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any
from uuid import UUID

from django.db import transaction

from billing.models import Plan, Subscription, SubscriptionAddOn
from billing.models.terms import Entitlement
from billing.services import add_ons, schemes
from orgs.models import Organization
from platform_core.errors import Conflict
from platform_core.services import audit

# The quota that is an organization's limit of seats.
SEATS = "seats"
# What the column holds on every database.
MOST_SEATS = 2**31 - 1


@dataclass(frozen=True)
class Access:
    """Why an organization has a product: a subscription to it, or one to a bundle that covers it."""

    product: str
    plan: Plan
    subscription: Subscription
    is_bundled: bool


def product_access(subscriptions: Iterable[Subscription]) -> Mapping[str, Access]:
    """The products that these give access to, by code: their own, and what bundles among them cover.

    Of two reasons the product's own subscription is told, of two subscriptions the higher plan's.
    """
    found: dict[str, Access] = {}
    giving = _giving(subscriptions)
    for subscription in giving:
        versions = [subscription.plan_version, *(add_on.plan_version for add_on in subscription.add_ons.all())]
        for code in chain.from_iterable(version.covers for version in versions):
            found.setdefault(code, Access(code, subscription.plan, subscription, is_bundled=True))
    for subscription in reversed(giving):
        code = subscription.plan.product.code
        found[code] = Access(code, subscription.plan, subscription, is_bundled=False)
    return dict(sorted(found.items()))


def refuse_covered(plan: Plan, organization: Organization) -> None:
    """Nobody pays for a product that a bundle of theirs gives them already."""
    bundle = covered(organization).get(plan.product.code)
    if bundle is not None:
        raise Conflict(f"{organization} has {plan.product} already: {bundle} covers it.")


def covered(organization: Organization) -> Mapping[str, Plan]:
    """The products that an organization has by a bundle alone, by code, and the bundle."""
    theirs = Subscription.objects.filter(organization=organization).giving_access()
    related = theirs.select_related("plan__product", "plan_version").prefetch_related(add_ons.fetched())
    return {code: each.plan for code, each in product_access(related).items() if each.is_bundled}


def entitlements_of(subscriptions: Iterable[Subscription]) -> Mapping[str, Entitlement]:
    """What these entitle to together, by code."""
    granted: dict[str, Entitlement] = {}
    for subscription in _giving(subscriptions):
        for each in _of(subscription):
            granted[each.code] = joined(granted[each.code], each) if each.code in granted else each
    return granted


def _giving(subscriptions: Iterable[Subscription]) -> Sequence[Subscription]:
    """Those that give access, the highest plan first."""
    giving = [each for each in subscriptions if each.gives_access]
    return sorted(giving, key=lambda each: (-each.plan.rank, each.pk))


def _of(subscription: Subscription) -> Iterable[Entitlement]:
    """The plan's, then its add-ons'. A quota holds for each of the quantity that is paid for."""
    together: list[Subscription | SubscriptionAddOn] = [subscription, *subscription.add_ons.all()]
    for had in together:
        times = schemes.units(had.price, had.quantity) if had.quantity > 1 else had.quantity
        for each in had.plan_version.granted:
            yield each if each.limit is None else replace(each, limit=each.limit * times)


def joined(first: Entitlement, other: Entitlement) -> Entitlement:
    """Of two of a code: quotas add up, without a limit wins, and is soft where either is; else the higher plan's."""
    if first.kind != "quota" or other.kind != "quota":
        return first
    limit = None if first.limit is None or other.limit is None else first.limit + other.limit
    soft = "soft" in (first.enforcement, other.enforcement)
    return replace(first, limit=limit, enforcement="soft" if soft else "hard")


@transaction.atomic
def write_down(organization_id: UUID) -> None:
    """Tell the organization what it may use from now on. Of two changes at once the later sees both.

    A plan that says nothing of seats leaves their limit as it is: whoever ends a subscription does not gain any.
    """
    held = Organization.objects.select_for_update().get(pk=organization_id)
    theirs = Subscription.objects.filter(organization=held).giving_access()
    subscriptions = list(
        theirs.select_related("plan__product", "plan_version", "price").prefetch_related(add_ons.fetched())
    )
    granted = entitlements_of(subscriptions)
    wanted: dict[str, Any] = {"product_codes": list(product_access(subscriptions))}
    if SEATS in granted and granted[SEATS].kind == "quota":
        limit = granted[SEATS].limit
        wanted["seat_limit"] = None if limit is None else min(limit, MOST_SEATS)
    changes = {name: [getattr(held, name), value] for name, value in wanted.items() if getattr(held, name) != value}
    if changes:
        Organization.objects.filter(pk=held.pk).update(**{name: value for name, (_, value) in changes.items()})
        audit.record("organization.entitlements", held, by=None, changes=changes)
