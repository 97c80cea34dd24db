"""The price list as pages show it."""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from django.db.models import Prefetch

from billing.models import Plan, Price
from orgs.models import Product


@dataclass(frozen=True)
class Offer:
    """One plan with the two prices that a customer asks for."""

    plan: Plan
    monthly: Price | None
    overage: Price | None
    is_mine: bool


@dataclass(frozen=True)
class Shelf:
    """One product and its plans, the lowest first."""

    product: Product
    offers: tuple[Offer, ...]
    is_mine: bool

    @property
    def has_servers(self) -> bool:
        """Whether buying from it opens an order for a server."""
        return any(offer.plan.fulfilment == Plan.Fulfilment.SERVER for offer in self.offers)

    @property
    def is_shown_in_full(self) -> bool:
        """Cards for what stands by itself; the others are compared in a table."""
        return self.has_servers or self.product.is_bundle

    @property
    def tiers(self) -> tuple[str, ...]:
        """What its plans are called, from the lowest on."""
        return tuple(offer.plan.tier for offer in self.offers)


@dataclass(frozen=True)
class Counter:
    """Neighbouring shelves that are shown together: one by its cards, or several of the same tiers as a table."""

    shelves: tuple[Shelf, ...]

    @property
    def first(self) -> Shelf:
        """The one that says how all are shown."""
        return self.shelves[0]


def shelves(mine: Collection[UUID] = ()) -> list[Shelf]:
    """Everything on sale; `mine` are the plans that the reader has."""
    active = Price.objects.filter(is_active=True, interval=Price.Interval.MONTH)
    plans = Plan.objects.filter(status=Plan.Status.ACTIVE).select_related("product", "current")
    shelf: dict[Product, list[Offer]] = {}
    for plan in plans.prefetch_related(Prefetch("prices", active)):
        shelf.setdefault(plan.product, []).append(_offer(plan, mine))
    return [Shelf(product, tuple(offers), any(offer.is_mine for offer in offers)) for product, offers in shelf.items()]


def _offer(plan: Plan, mine: Collection[UUID]) -> Offer:
    prices = {price.kind: price for price in plan.prices.all()}
    return Offer(plan, prices.get(Price.Kind.RECURRING), prices.get(Price.Kind.OVERAGE), plan.pk in mine)


def counters(shelves: Sequence[Shelf]) -> list[Counter]:
    """The shelves in their order, those that can be compared side by side."""

    def together(shelf: Shelf) -> Hashable:
        return shelf.product.pk if shelf.is_shown_in_full else shelf.tiers

    return [Counter(tuple(group)) for _, group in groupby(shelves, together)]
