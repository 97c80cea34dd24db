"""What an organization may use: the one place that answers it, for products and for what its plans entitle to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from billing.models import Plan, Subscription
from billing.models.terms import Entitlement
from orgs.models import Organization


@dataclass(frozen=True)
class Access:
    """Why an organization has a product: a subscription to it, or one to a bundle that covers it."""

    product: str
    plan: Plan
    subscription: Subscription
    is_bundled: bool


def product_access(organization: Organization) -> Mapping[str, Access]:
    """The products that an organization has, by code: its own subscriptions', and what its bundles cover.

    Of two reasons the product's own subscription is told, of two subscriptions the higher plan's.
    """
    found: dict[str, Access] = {}
    live = _live(organization)
    for subscription in live:
        for code in subscription.plan_version.covers:
            found.setdefault(code, Access(code, subscription.plan, subscription, is_bundled=True))
    for subscription in reversed(live):
        code = subscription.plan.product.code
        found[code] = Access(code, subscription.plan, subscription, is_bundled=False)
    return found


def has_product(organization: Organization, code: str) -> bool:
    """Whether an organization may use a product now."""
    return code in product_access(organization)


def entitlements_of(organization: Organization) -> Mapping[str, Entitlement]:
    """What the live subscriptions of an organization entitle it to, by code, on the terms each was bought on."""
    granted: dict[str, Entitlement] = {}
    for subscription in _live(organization):
        for each in _of(subscription):
            granted[each.code] = joined(granted[each.code], each) if each.code in granted else each
    return granted


def _of(subscription: Subscription) -> Iterable[Entitlement]:
    """A quota holds for each of the quantity."""
    for each in subscription.plan_version.granted:
        yield each if each.limit is None else replace(each, limit=each.limit * subscription.quantity)


def joined(first: Entitlement, other: Entitlement) -> Entitlement:
    """Of two of a code: quotas add up, without a limit wins, and is soft where either is; else the higher plan's."""
    if first.kind != "quota" or other.kind != "quota":
        return first
    limit = None if first.limit is None or other.limit is None else first.limit + other.limit
    soft = "soft" in (first.enforcement, other.enforcement)
    return replace(first, limit=limit, enforcement="soft" if soft else "hard")


def _live(organization: Organization) -> list[Subscription]:
    """The highest plan first."""
    live = Subscription.objects.filter(organization=organization).live()
    return list(live.select_related("plan__product", "plan_version").order_by("-plan__rank", "pk"))
