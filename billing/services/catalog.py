"""What is on sale: loading the price list, and publishing prices at the payment provider."""

from typing import TYPE_CHECKING, cast

from django.db import transaction

from billing.models import Plan, Price
from billing.providers import provider
from billing.providers.protocol import PriceSpec
from billing.services.price_list import CURRENCY, PRICE_LIST, Level, Offer
from orgs.models import Product
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import User


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
    plan, created = Plan.objects.get_or_create(
        code=f"{offer.code}-{level.code}",
        defaults={
            "product": product,
            "name": f"{offer.name} {level.name}",
            "tier": level.tier,
            "description": offer.description,
            "kind": Plan.Kind.HYBRID if level.overage_nano else Plan.Kind.SUBSCRIPTION,
            "fulfilment": offer.fulfilment,
            "rank": rank,
            "features": list(level.features),
            "token_allotment": level.token_allotment,
            "is_custom": level.monthly_minor is None,
        },
    )
    if created:
        audit.record("plan.create", plan, by=None)
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
    prices = {price.lookup_key: price for price in _unpublished()}
    published = provider().ensure_prices([_spec(price) for price in prices.values()]) if prices else {}
    with transaction.atomic():
        for lookup_key, price_id in published.items():
            _remember(prices[lookup_key], price_id, by=by)
    return len(published)


def _unpublished() -> list[Price]:
    on_sale = Price.objects.filter(kind=Price.Kind.RECURRING, is_active=True, plan__status=Plan.Status.ACTIVE)
    return list(on_sale.filter(provider_price_id="").select_related("plan").order_by("lookup_key"))


def _remember(price: Price, price_id: str, *, by: "User | None") -> None:
    if Price.objects.filter(pk=price.pk, provider_price_id="").update(provider_price_id=price_id):
        audit.record("price.publish", price, by=by, changes={"provider_price_id": price_id})


def _spec(price: Price) -> PriceSpec:
    """Each plan is a product at the provider: that is the name customers read on its pages and invoices."""
    return PriceSpec(
        lookup_key=price.lookup_key,
        product_code=price.plan.code,
        product_name=price.plan.name,
        currency=price.currency,
        # A recurring price has one: the database sees to that (price_amount_matches_kind).
        amount_minor=cast("int", price.amount_minor),
        interval=price.interval,
    )
