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
from platform_core.services import audit

TOLD = ("status", "quantity", "cancel_at_period_end")
logger = logging.getLogger(__name__)


def record_purchase(snapshot: Snapshot, *, organization: Organization) -> Subscription:
    """Write a reading of a subscription for its organization: mirror, subscription, invoices.

    Runs in the caller's transaction. A reading holds everything, so an older one is thrown away whole, and one that
    found nothing new only says until when that was so.
    """
    fact = cast("SubscriptionFact", snapshot.subscription)
    held = Subscription.objects.select_for_update(of=("self",)).select_related("plan__product")
    row = held.filter(provider_subscription_id=fact.id).first()
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
    previous, before = row.status, _told(row)
    for name, value in _columns(fact).items():
        setattr(row, name, value)
    row.observed_at, row.snapshot_digest = snapshot.observed_at, snapshot.digest
    row.save()
    _record(row, before)
    if row.status != previous:
        subscription_changed.send(Subscription, subscription=row, previous=previous)
    return row


def _told(row: Subscription) -> dict[str, Any]:
    """What an event says of it. A row that is yet to be written says nothing."""
    if not row.provider_subscription_id:
        return {}
    return {"plan": row.plan.code, **{name: getattr(row, name) for name in TOLD}}


def _record(row: Subscription, before: dict[str, Any]) -> None:
    """Whatever the provider's word was about, an event says what it changed."""
    after = _told(row)
    changes = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
    if changes:
        audit.record(f"subscription.{'update' if before else 'create'}", row, by=None, changes=changes)


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
    price = Price.objects.select_related("plan__product").filter(provider_price_id=fact.price_id).first()
    if price is None:
        raise Conflict(f"Subscription {fact.id} has the price {fact.price_id}, which the catalog does not know.")
    return price
