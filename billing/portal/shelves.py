"""The price list as pages show it."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from uuid import UUID

from django.db.models import Prefetch

from billing.models import Plan, Price
from billing.services import schemes
from orgs.models import Product

NOTHING: Mapping[str, Plan] = MappingProxyType({})


@dataclass(frozen=True)
class Offer:
    """One plan with the prices that a customer asks for."""

    plan: Plan
    monthly: Price | None
    yearly: Price | None
    once: Price | None
    overage: Price | None
    is_mine: bool

    @property
    def first(self) -> Price | None:
        """The price that stands on its card."""
        return self.monthly or self.yearly or self.once

    @property
    def is_once(self) -> bool:
        """Whether it is only paid once: bought beside a subscription, never in its place."""
        return self.first is not None and self.first == self.once

    @property
    def first_minor(self) -> int:
        """What one of it costs."""
        return schemes.amount_of(self.first, 1) if self.first else 0

    @property
    def yearly_minor(self) -> int:
        """What one costs by the year."""
        return schemes.amount_of(self.yearly, 1) if self.yearly else 0


@dataclass(frozen=True)
class Shelf:
    """One product and its plans, the lowest first."""

    product: Product
    offers: tuple[Offer, ...]
    is_mine: bool
    # What is sold beside its plans, each with what it costs.
    add_ons: tuple[Offer, ...] = ()
    # The bundle by which the reader has the product already.
    bundle: Plan | None = None

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


def shelves(mine: Collection[UUID] = (), covered: Mapping[str, Plan] = NOTHING) -> list[Shelf]:
    """Everything on sale; `mine` are the plans that the reader has, `covered` what a bundle of theirs gives them."""
    active = Price.objects.filter(is_active=True).order_by("-pk")
    plans = Plan.objects.filter(status=Plan.Status.ACTIVE).select_related("product", "current")
    shelf: dict[Product, list[Offer]] = {}
    for plan in plans.prefetch_related(Prefetch("prices", active)):
        shelf.setdefault(plan.product, []).append(_offer(plan, mine))
    return [_shelf(product, offers, covered.get(product.code)) for product, offers in shelf.items()]


def _shelf(product: Product, offers: Sequence[Offer], bundle: Plan | None) -> Shelf:
    by_themselves = tuple(offer for offer in offers if not offer.plan.is_add_on)
    add_ons = tuple(offer for offer in offers if offer.plan.is_add_on and offer.first)
    return Shelf(product, by_themselves, any(offer.is_mine for offer in by_themselves), add_ons, bundle)


def _offer(plan: Plan, mine: Collection[UUID]) -> Offer:
    """Of several currencies each price's first."""
    prices = {(price.kind, price.interval): price for price in plan.prices.all()}
    kind, interval = Price.Kind, Price.Interval
    return Offer(
        plan,
        monthly=prices.get((kind.RECURRING, interval.MONTH)),
        yearly=prices.get((kind.RECURRING, interval.YEAR)),
        once=prices.get((kind.ONE_OFF, interval.ONCE)),
        overage=prices.get((kind.OVERAGE, interval.MONTH)),
        is_mine=plan.pk in mine,
    )


def counters(shelves: Sequence[Shelf]) -> list[Counter]:
    """The shelves in their order, those that can be compared side by side."""

    def together(shelf: Shelf) -> Hashable:
        return shelf.product.pk if shelf.is_shown_in_full else shelf.tiers

    return [Counter(tuple(group)) for _, group in groupby(shelves, together)]
