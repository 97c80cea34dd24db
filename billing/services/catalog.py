"""What is on sale: loading the price list, and publishing prices at the payment provider."""

from typing import TYPE_CHECKING, Literal, cast

from django.db import transaction
from django.db.models import Count, OuterRef, Subquery

from billing.models import Plan, PlanVersion, Price
from billing.models.terms import Tier
from billing.providers import provider
from billing.providers.specs import PriceSpec, TierSpec
from billing.services import versions
from billing.services.price_list import CURRENCY, PRICE_LIST, Level, Offer
from orgs.models import Product
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


def publish_prices(*, by: "User | None" = None) -> int:
    """Create (or adopt) at the provider every price on sale that is not there yet; tells how many. May be repeated."""
    prices = {_key(price): price for price in _unpublished()}
    published = provider().ensure_prices([_spec(key, price) for key, price in prices.items()]) if prices else {}
    with transaction.atomic():
        for key, price_id in published.items():
            _remember(prices[key], price_id, by=by)
    return len(published)


def published(price: Price) -> Price:
    """A price that the provider knows, as soon as it can be: asking again after a failure publishes what is missing."""
    publish_prices()
    return Price.objects.select_related("plan__product", "plan__current").get(pk=price.pk)


def _unpublished() -> list[Price]:
    earlier = Price.objects.filter(lookup_key=OuterRef("lookup_key"), pk__lt=OuterRef("pk")).order_by()
    counted = earlier.values("lookup_key").annotate(count=Count("pk")).values("count")
    on_sale = Price.objects.on_sale().exclude(kind=Price.Kind.OVERAGE).filter(provider_price_id="")
    return list(on_sale.select_related("plan").annotate(before=Subquery(counted)).order_by("lookup_key"))


def _key(price: Price) -> str:
    """Its name at the provider. There a name is one price's for ever: one that took another's place is numbered."""
    before = vars(price)["before"]
    return f"{price.lookup_key}.{before + 1}" if before else price.lookup_key


def _remember(price: Price, price_id: str, *, by: "User | None") -> None:
    if Price.objects.filter(pk=price.pk, provider_price_id="").update(provider_price_id=price_id):
        audit.record("price.publish", price, by=by, changes={"provider_price_id": price_id})


def _spec(key: str, price: Price) -> PriceSpec:
    """Each plan is a product at the provider: that is the name customers read on its pages and invoices."""
    flat = price.scheme == Price.Scheme.FLAT
    # What is flat is one tier without an end: the provider charges it once, whatever the quantity.
    tiers = (Tier(None, amount_minor=price.amount_minor or 0),) if flat else price.steps
    return PriceSpec(
        lookup_key=key,
        product_code=price.plan.code,
        product_name=price.plan.name,
        currency=price.currency,
        amount_minor=0 if flat else price.amount_minor or 0,
        interval="" if price.interval == Price.Interval.ONCE else price.interval,
        scheme="volume" if flat else cast("Scheme", price.scheme),
        package_size=price.package_size or 1,
        tiers=[TierSpec(tier.up_to, tier.unit_price_nano, tier.amount_minor) for tier in tiers],
    )
