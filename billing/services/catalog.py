"""What is on sale: loading the price list, and publishing prices at the payment provider."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, cast

from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery

from billing.models import Plan, PlanVersion, Price
from billing.models.terms import Tier
from billing.providers import provider
from billing.providers.protocol import ProviderError, ProviderRefused
from billing.providers.specs import PriceSpec, TierSpec
from billing.services import prices, versions
from billing.services.price_list import CURRENCY, PRICE_LIST, Level, Offer
from billing.services.publishing import Published, Refusal
from orgs.models import Product
from platform_core.errors import Conflict
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import User

Scheme = Literal["per_unit", "package", "graduated", "volume"]


@transaction.atomic
def load_price_list() -> None:
    """Create what the price list names and the catalog lacks. What is there, staff may have changed: it stays."""
    for position, offer in enumerate(PRICE_LIST):
        product, _ = Product.objects.get_or_create(
            code=offer.code,
            defaults={
                "name": offer.name,
                "description": offer.description,
                "role_options": list(offer.roles),
                "is_bundle": offer.is_bundle,
                "position": position,
            },
        )
        for rank, level in enumerate(offer.levels, start=1):
            _load_plan(product, offer, level, rank)


def _load_plan(product: Product, offer: Offer, level: Level, rank: int) -> None:
    code = f"{offer.code}-{level.code}"
    if Plan.objects.filter(code=code).exists():
        return
    plan = versions.begin(
        Plan(
            product=product,
            code=code,
            name=f"{offer.name} {level.name}",
            tier=level.tier,
            description=offer.description,
            kind=Plan.Kind.HYBRID if level.overage_nano else Plan.Kind.SUBSCRIPTION,
            fulfilment=offer.fulfilment,
            rank=rank,
            is_custom=level.monthly_minor is None,
        ),
        PlanVersion(features=list(level.features), token_allotment=level.token_allotment, covers=list(offer.covers)),
        by=None,
    )
    _load_prices(plan, level)


def _load_prices(plan: Plan, level: Level) -> None:
    if level.monthly_minor is not None:
        Price.objects.create(
            plan=plan,
            currency=CURRENCY,
            amount_minor=level.monthly_minor,
            lookup_key=f"{plan.code}-month-{CURRENCY}",
        )
    if level.overage_nano is not None:
        Price.objects.create(
            plan=plan,
            kind=Price.Kind.OVERAGE,
            currency=CURRENCY,
            unit_price_nano=level.overage_nano,
            lookup_key=f"{plan.code}-overage-{CURRENCY}",
        )


def publish_prices(*, by: "User | None" = None) -> Published:
    """Create (or adopt) at the provider every price on sale that is not there yet. May be repeated.

    What the provider refuses is taken from sale with its reason, and stands in the way of no other.
    """
    waiting = list(_unpublished())
    if not waiting:
        return Published(0)
    try:
        found = provider().ensure_prices([_spec(price) for price in waiting])
    except ProviderRefused:
        # One of them: which one, asking for each by itself tells, and adopts those that were made.
        return _publish_each(waiting, by=by)
    for price in waiting:
        _remember(price, found[_key(price)], by=by)
    return Published(len(waiting))


def _publish_each(waiting: Sequence[Price], *, by: "User | None") -> Published:
    refused = []
    for price in waiting:
        try:
            _publish(price, by=by)
        except ProviderRefused as error:
            _refuse(price, error.message, by=by)
            refused.append(Refusal(price.lookup_key, error.message))
    return Published(len(waiting) - len(refused), tuple(refused))


def _publish(price: Price, *, by: "User | None") -> None:
    key = _key(price)
    _remember(price, provider().ensure_prices([_spec(price)])[key], by=by)


def published(price: Price, *, by: "User | None" = None) -> Price:
    """A price that the provider knows; one that it refuses is not on sale, and the one before it stays.

    Where it does not answer the price waits: asking for the same again publishes it.
    """
    waiting = _unpublished().filter(pk=price.pk).first()
    if waiting is not None:
        try:
            _publish(waiting, by=by)
        except ProviderRefused as error:
            _refuse(waiting, error.message, by=by)
            raise Conflict(f"It is not on sale. {error.message}", details=_named(price)) from error
        except ProviderError as error:
            message = f"Price {price.pk} is kept, but cannot be bought yet: ask for the same again. {error.message}"
            raise ProviderError(message, details=_named(price)) from error
    return Price.objects.select_related("plan__product", "plan__current").get(pk=price.pk)


def _named(price: Price) -> dict[str, list[str]]:
    return {"id": [str(price.pk)]}


@transaction.atomic
def _refuse(price: Price, reason: str, *, by: "User | None") -> None:
    """What cannot be bought is not on sale; where it had taken another's place, that one gets it back."""
    Price.objects.filter(pk=price.pk).update(is_active=False)
    audit.record("price.refuse", price, by=by, changes={"is_active": [True, False], "reason": reason})
    before = price.replaces
    # One that the provider never took is not what was sold before.
    while before is not None and not before.provider_price_id:
        before = before.replaces
    if before is not None:
        # Unless something else is sold in that place by now.
        with suppress(Conflict):
            prices.restore(before, by=by)


def _unpublished() -> QuerySet[Price]:
    earlier = Price.objects.filter(lookup_key=OuterRef("lookup_key"), pk__lt=OuterRef("pk")).order_by()
    counted = earlier.values("lookup_key").annotate(count=Count("pk")).values("count")
    on_sale = Price.objects.on_sale().exclude(kind=Price.Kind.OVERAGE).filter(provider_price_id="")
    return on_sale.select_related("plan").annotate(before=Subquery(counted)).order_by("lookup_key")


def _key(price: Price) -> str:
    """Its name at the provider. There a name is one price's for ever: one that took another's place is numbered."""
    before = vars(price)["before"]
    return f"{price.lookup_key}.{before + 1}" if before else price.lookup_key


@transaction.atomic
def _remember(price: Price, price_id: str, *, by: "User | None") -> None:
    if Price.objects.filter(pk=price.pk, provider_price_id="").update(provider_price_id=price_id):
        audit.record("price.publish", price, by=by, changes={"provider_price_id": price_id})


def _spec(price: Price) -> PriceSpec:
    """Each plan is a product at the provider: that is the name customers read on its pages and invoices."""
    flat = price.scheme == Price.Scheme.FLAT
    # What is flat is one tier without an end: the provider charges it once, whatever the quantity.
    tiers = (Tier(None, amount_minor=price.amount_minor or 0),) if flat else price.steps
    return PriceSpec(
        lookup_key=_key(price),
        product_code=price.plan.code,
        product_name=price.plan.name,
        currency=price.currency,
        amount_minor=0 if flat else price.amount_minor or 0,
        interval="" if price.interval == Price.Interval.ONCE else price.interval,
        scheme="volume" if flat else cast("Scheme", price.scheme),
        package_size=price.package_size or 1,
        tiers=[TierSpec(tier.up_to, tier.unit_price_nano, tier.amount_minor) for tier in tiers],
    )
