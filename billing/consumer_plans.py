"""What a consumer's tenant has, for the consumer that asks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from billing.models import ConsumerTenant, Subscription
from billing.models.terms import as_json
from billing.services import add_ons, entitlements


@dataclass(frozen=True)
class PlanStatus:
    """The subscription that counts now, all of them, and what those that give access give together."""

    consumer_key: str
    consumer_tenant_id: str
    organization_id: UUID
    has_access: bool
    status: str
    plan_code: str | None
    product_code: str | None
    pricing_item_code: str | None
    tier: str | None
    features: list[str]
    entitlements: list[dict[str, Any]]
    # Every product that it gives access to now, those of a bundle among them.
    product_codes: list[str]
    current_period_end: datetime | None
    cancel_at_period_end: bool
    subscriptions: list[Subscription]


def subscriptions_of(tenant: ConsumerTenant) -> QuerySet[Subscription]:
    """What was bought through this consumer, and what its organization bought itself; not what another consumer did."""
    bought = Q(consumer_tenant=tenant) | Q(consumer_tenant=None)
    return Subscription.objects.filter(bought, organization=tenant.organization_id)


def status_of(tenant: ConsumerTenant, *, product: str = "") -> PlanStatus:
    """Live before ended, then the highest plan, then the newest."""
    found = subscriptions_of(tenant).select_related(
        "plan__product", "plan_version", "price", "consumer_tenant__consumer"
    )
    found = found.prefetch_related(add_ons.fetched())
    if product:
        found = found.filter(plan__product__code=product)
    alive = Case(When(status__in=Subscription.LIVE, then=Value(0)), default=Value(1), output_field=IntegerField())
    listed = list(found.order_by(alive, "-plan__rank", "-created_at", "-pk")[:100])
    first = listed[0] if listed else None
    giving = [each for each in listed if each.gives_access]
    return PlanStatus(
        consumer_key=tenant.consumer.key,
        consumer_tenant_id=tenant.external_id,
        organization_id=tenant.organization_id,
        has_access=bool(giving),
        status=first.status if first else "none",
        plan_code=first.plan.code if first else None,
        product_code=first.plan.product.code if first else None,
        pricing_item_code=first.price.lookup_key if first else None,
        tier=first.plan.tier if first else None,
        features=list(first.plan_version.features) if first else [],
        entitlements=as_json(entitlements.entitlements_of(giving).values()),
        product_codes=list(entitlements.product_access(giving)),
        current_period_end=first.current_period_end if first else None,
        cancel_at_period_end=bool(first and first.cancel_at_period_end),
        subscriptions=listed,
    )
