"""What was bought, as a row of its own: the same for everybody who buys."""

from collections.abc import Mapping
from uuid import UUID

from billing.models import CheckoutSession, ConsumerTenant, Purchase, Subscription
from billing.providers.protocol import CheckoutFact
from billing.services import carts
from billing.signals import purchase_completed
from orgs.models import Organization
from platform_core import clock


def record(
    checkout: CheckoutSession, buyer: Organization, subscription: Subscription | None, fact: CheckoutFact | None
) -> Purchase:
    """The purchase that a checkout was, in the transaction that completes it."""
    paid = fact.subtotal_minor if fact is not None and checkout.is_one_off else None
    asked = sum(item.amount_minor for item in carts.stored(checkout).items)
    purchase = Purchase.objects.create(
        organization=buyer,
        consumer_tenant=checkout.consumer_tenant,
        checkout=checkout,
        subscription=subscription,
        kind=Purchase.Kind.ONE_OFF if checkout.is_one_off else Purchase.Kind.SUBSCRIPTION,
        # Not the subscription's: it may have been changed before we heard of the checkout.
        price=checkout.price,
        quantity=checkout.quantity,
        currency=checkout.price.currency,
        amount_minor=asked if paid is None else paid,
        purchased_at=checkout.completed_at or clock.now(),
    )
    purchase_completed.send(Purchase, purchase=purchase)
    return purchase


def checkout_of(metadata: Mapping[str, str]) -> UUID | None:
    """Our checkout that an object of the provider's names."""
    try:
        return UUID(metadata.get("checkout", ""))
    except ValueError:
        return None


def tenant_of(metadata: Mapping[str, str]) -> ConsumerTenant | None:
    """For whom a consumer opened the checkout that an object of the provider's names."""
    reference = checkout_of(metadata)
    if reference is None:
        return None
    return ConsumerTenant.objects.filter(checkout_sessions=reference).first()
