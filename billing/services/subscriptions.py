"""Bringing our rows to what the provider says of a purchase."""

import logging
from typing import Any, cast

from django.db import transaction

from billing.models import Price, Subscription
from billing.providers import provider
from billing.providers.protocol import Snapshot, SubscriptionFact
from billing.services import invoices, periods
from billing.signals import subscription_changed
from orgs.models import Organization
from platform_core.errors import Conflict

logger = logging.getLogger(__name__)


def record_purchase(snapshot: Snapshot, *, organization: Organization) -> Subscription:
    """Write a reading of a subscription for its organization: mirror, subscription, invoices.

    Runs in the caller's transaction. A reading holds everything, so an older one is thrown away whole, and one that
    found nothing new only says until when that was so.
    """
    fact = cast("SubscriptionFact", snapshot.subscription)
    row = Subscription.objects.select_for_update().filter(provider_subscription_id=fact.id).first()
    if row is not None and row.observed_at >= snapshot.observed_at:
        return row
    if row is not None and row.snapshot_digest == snapshot.digest:
        row.observed_at = snapshot.observed_at
        row.save(update_fields=["observed_at"])
        return row
    _mirror(snapshot)
    row = _write(row or Subscription(organization=organization), fact, snapshot)
    periods.mirror(row)
    for invoice in snapshot.invoices:
        invoices.apply(invoice, organization=organization, observed_at=snapshot.observed_at)
    return row


def _mirror(snapshot: Snapshot) -> None:
    """The mirror is a convenience: a shape that it cannot store must not keep money from being recorded."""
    try:
        with transaction.atomic():
            provider().mirror(snapshot)
    except Exception:
        logger.exception("The mirror could not be written; the projection goes on.")


def _write(row: Subscription, fact: SubscriptionFact, snapshot: Snapshot) -> Subscription:
    """Bring the row to the fact; announce a status that it did not have before."""
    previous = row.status
    for name, value in _columns(fact).items():
        setattr(row, name, value)
    row.observed_at, row.snapshot_digest = snapshot.observed_at, snapshot.digest
    row.save()
    if row.status != previous:
        subscription_changed.send(Subscription, subscription=row, previous=previous)
    return row


def _columns(fact: SubscriptionFact) -> dict[str, Any]:
    price = _price_of(fact)
    return {
        "provider_subscription_id": fact.id,
        "plan": price.plan,
        "price": price,
        "status": fact.status,
        "quantity": fact.quantity,
        "current_period_start": fact.period_start,
        "current_period_end": fact.period_end,
        "cancel_at_period_end": fact.cancel_at_period_end,
        "canceled_at": fact.canceled_at,
        "ended_at": fact.ended_at,
    }


def _price_of(fact: SubscriptionFact) -> Price:
    price = Price.objects.select_related("plan").filter(provider_price_id=fact.price_id).first()
    if price is None:
        raise Conflict(f"Subscription {fact.id} has the price {fact.price_id}, which the catalog does not know.")
    return price
