"""Bringing our rows to what the provider says of a purchase."""

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from django.db import transaction

from billing.models import ConsumerTenant, PlanVersion, Price, Subscription
from billing.providers import provider
from billing.providers.protocol import InvoiceFact, Snapshot, SubscriptionFact
from billing.services import (
    add_ons,
    confirming,
    dunning,
    entitlements,
    invoices,
    mrr,
    payment_methods,
    payments,
    periods,
    planned,
    plans,
)
from billing.signals import subscription_changed, subscription_updated
from orgs.models import Organization
from platform_core import clock
from platform_core.errors import Conflict
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import User

TOLD = ("status", "quantity", "cancel_at_period_end")
logger = logging.getLogger(__name__)


def record_purchase(
    snapshot: Snapshot,
    *,
    organization: Organization,
    version: PlanVersion | None = None,
    tenant: ConsumerTenant | None = None,
) -> Subscription:
    """Write a reading of a subscription for its organization: mirror, subscription, invoices.

    `version` is the one that was bought, where that is known; else what its plan includes now.

    Runs in the caller's transaction. A reading holds everything, so an older one is thrown away whole, and one that
    found nothing new only says until when that was so.
    """
    fact = plan_first(cast("SubscriptionFact", snapshot.subscription))
    held = Subscription.objects.select_for_update(of=("self",)).select_related("plan__product")
    row = held.filter(provider_subscription_id=fact.id).first()
    if row is not None and row.observed_at >= snapshot.observed_at:
        return row
    if row is not None and row.snapshot_digest == snapshot.digest:
        row.observed_at = snapshot.observed_at
        row.save(update_fields=["observed_at"])
        return row
    _mirror(snapshot)
    row = _write(row or Subscription(organization=organization, consumer_tenant=tenant), fact, snapshot, version)
    periods.mirror(row)
    for invoice in snapshot.invoices:
        invoices.apply(invoice, organization=organization, observed_at=snapshot.observed_at)
    payments.record(snapshot, organization=organization)
    payment_methods.observe(snapshot, organization)
    planned.follow(row, snapshot)
    confirming.follow(row, snapshot)
    dunning.follow(row, [each for each in snapshot.invoices if not _waits_for_bank(each, fact)])
    return row


def _waits_for_bank(invoice: InvoiceFact, fact: SubscriptionFact) -> bool:
    """The invoice of a change that is made only once it is paid: nobody owes it."""
    return fact.pending_update is not None and fact.pending_update.invoice_id == invoice.id


def plan_first(fact: SubscriptionFact) -> SubscriptionFact:
    """What it is for first of all is its plan, in whichever order the provider tells its items."""
    if len(fact.items) <= 1:
        return fact
    known = Price.objects.filter(provider_price_id__in=[item.price_id for item in fact.items], plan__is_add_on=False)
    prices = set(known.values_list("provider_price_id", flat=True))
    plan = next((item for item in fact.items if item.price_id in prices), None)
    if plan is None or fact.price_id in prices:
        return fact
    first = {name: getattr(plan, name) for name in ("price_id", "quantity", "period_start", "period_end")}
    return replace(fact, **first)


def _mirror(snapshot: Snapshot) -> None:
    """The mirror is a convenience: a shape that it cannot store must not keep money from being recorded."""
    try:
        with transaction.atomic():
            provider().mirror(snapshot)
    except Exception:
        logger.exception("The mirror could not be written; the projection goes on.")


def _write(row: Subscription, fact: SubscriptionFact, snapshot: Snapshot, version: PlanVersion | None) -> Subscription:
    """Bring the row to the fact; announce a status that it did not have before."""
    previous, before = row.status, _told(row)
    price = _price_of(fact)
    for name, value in (_terms(row, price, version) | _columns(fact)).items():
        setattr(row, name, value)
    row.price, row.monthly_minor = price, mrr.of_fact(fact, price)
    row.observed_at, row.snapshot_digest = snapshot.observed_at, snapshot.digest
    if row.status == Subscription.Status.TRIALING and row.trial_began_at is None:
        row.trial_began_at = fact.trial_start or clock.now()
    row.save()
    return _spread(row, previous, before, fact=fact)


@transaction.atomic
def end_missing(subscription_id: str, *, by: "User") -> Subscription:
    """What the provider does not know any more is over, with all that follows from its word; again changes nothing."""
    held = Subscription.objects.select_for_update(of=("self",)).select_related("plan__product", "price")
    row = held.get(provider=provider().name, provider_subscription_id=subscription_id)
    if row.status in Subscription.ENDED:
        return row
    previous, before = row.status, _told(row)
    row.status, row.ended_at = Subscription.Status.CANCELED, clock.now()
    row.canceled_at = row.canceled_at or row.ended_at
    # Should it be there again one day, the same reading is news.
    row.snapshot_digest = ""
    row.save()
    _spread(row, previous, before, by=by)
    periods.mirror(row)
    planned.follow(row)
    confirming.withdraw(row.pk)
    dunning.give_up(row)
    return row


def _spread(
    row: Subscription,
    previous: str,
    before: dict[str, Any],
    *,
    fact: SubscriptionFact | None = None,
    by: "User | None" = None,
) -> Subscription:
    """What follows from another state of a subscription: what it brings and gives, and who is told."""
    mrr.record(row)
    has_others = fact is not None and add_ons.follow(row, fact)
    is_another = _record(row, before, by=by) or has_others
    if is_another:
        entitlements.write_down(row.organization_id)
    if row.status != previous:
        subscription_changed.send(Subscription, subscription=row, previous=previous)
    elif is_another:
        subscription_updated.send(Subscription, subscription=row)
    return row


def _told(row: Subscription) -> dict[str, Any]:
    """What an event says of it. A row that is yet to be written says nothing."""
    if not row.provider_subscription_id:
        return {}
    return {"plan": row.plan.code, **{name: getattr(row, name) for name in TOLD}}


def _record(row: Subscription, before: dict[str, Any], *, by: "User | None") -> bool:
    """Whatever the provider's word was about, an event says what it changed; tells whether it did."""
    after = _told(row)
    changes = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
    if changes:
        audit.record(f"subscription.{'update' if before else 'create'}", row, by=by, changes=changes)
    return bool(changes)


def _terms(row: Subscription, price: Price, version: PlanVersion | None) -> dict[str, Any]:
    """What it was bought on. The version stays while the plan does, and with the price what is beyond it costs."""
    if row.price_id == price.pk:
        return {}
    bought = version if version and version.plan_id == price.plan_id else price.plan.current
    return {
        "plan": price.plan,
        "plan_version": row.plan_version if row.plan_id == price.plan_id else bought,
        "price": price,
        "overage_price": plans.overage_price_of(price),
    }


def _columns(fact: SubscriptionFact) -> dict[str, Any]:
    return {
        "provider_subscription_id": fact.id,
        "status": fact.status,
        "quantity": fact.quantity,
        "current_period_start": fact.period_start,
        "current_period_end": fact.period_end,
        "cancel_at_period_end": fact.cancel_at_period_end,
        "canceled_at": fact.canceled_at,
        "ended_at": fact.ended_at,
        "trial_ends_at": fact.trial_end,
    }


def _price_of(fact: SubscriptionFact) -> Price:
    price = (
        Price.objects.select_related("plan__product", "plan__current").filter(provider_price_id=fact.price_id).first()
    )
    if price is None:
        raise Conflict(f"Subscription {fact.id} has the price {fact.price_id}, which the catalog does not know.")
    return price
