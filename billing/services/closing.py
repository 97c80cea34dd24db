"""Closing a period: its figures freeze, what they cost becomes an item to put on an invoice, the next period opens.

Each function is one transaction that holds the subscription's row, so closing, recording usage and projecting the
subscription take turns, and doing it twice does it once.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from billing.models import BillingPeriod, InvoiceItem, Subscription, UsageBucket
from billing.services import periods, rating
from platform_core import clock
from platform_core.services import audit


def closable_by() -> datetime:
    """Periods that ended by then may close: after its end, a period waits a moment for the last hour's report."""
    return clock.now() - timedelta(seconds=settings.USAGE_GRACE_SECONDS)


@transaction.atomic
def close(period: BillingPeriod) -> bool:
    """Freeze an ended period and open the next; False if it has not ended or somebody else closed it."""
    subscription = _locked(period.subscription)
    period = BillingPeriod.objects.get(pk=period.pk)
    if period.status != BillingPeriod.Status.OPEN or period.ends_at > closable_by():
        return False
    _freeze(period)
    _adjust_late(subscription, collected_with=period)
    _set_to_collect(period)
    periods.mirror(subscription)
    changes = {"used": period.tokens_used, "beyond": period.overage_tokens, "overage_minor": period.overage_minor}
    audit.record("billing_period.close", period, by=None, changes=changes)
    return True


@transaction.atomic
def settle(subscription: Subscription) -> bool:
    """Adjust the periods of a subscription that is over and has no next one to carry the adjustment."""
    subscription = _locked(subscription)
    last = subscription.periods.first()
    if subscription.status not in Subscription.ENDED or last is None or last.status == BillingPeriod.Status.OPEN:
        return False
    if not _adjust_late(subscription, collected_with=last):
        return False
    _set_to_collect(last)
    audit.record("billing_period.adjust", last, by=None)
    return True


def _locked(subscription: Subscription) -> Subscription:
    return Subscription.objects.select_for_update(of=("self",)).get(pk=subscription.pk)


def _freeze(period: BillingPeriod) -> None:
    """From here on the figures stand still, and the evidence says how they came about."""
    usage = rating.Usage(tokens=UsageBucket.objects.counted_in(period).tokens())
    line = rating.overage(rating.terms_of(period), usage)
    period.tokens_used, period.overage_tokens, period.overage_minor = usage.tokens, line.quantity, line.amount_minor
    period.evidence = rating.evidence(period, usage)
    period.closed_at = clock.now()
    if line.amount_minor:
        _add_item(period, InvoiceItem.Kind.OVERAGE, line, usage, collected_with=period)


def _adjust_late(subscription: Subscription, *, collected_with: BillingPeriod) -> bool:
    """Bill what late usage changed in closed periods: what each costs now, on its own terms, less what was billed."""
    added = False
    for period in subscription.periods.late():
        usage = rating.Usage(tokens=UsageBucket.objects.counted_in(period).tokens())
        line = rating.overage(rating.terms_of(period), usage)
        billed = period.items.aggregate(quantity=Sum("quantity"), amount_minor=Sum("amount_minor"))
        difference = rating.RatedLine(
            line.kind,
            line.quantity - (billed["quantity"] or 0),
            line.unit_price_nano,
            line.amount_minor - (billed["amount_minor"] or 0),
        )
        if difference.amount_minor:
            _add_item(period, InvoiceItem.Kind.ADJUSTMENT, difference, usage, collected_with=collected_with)
            added = True
        period.late_usage_at = None
        period.save(update_fields=["late_usage_at"])
    return added


def _add_item(
    period: BillingPeriod,
    kind: InvoiceItem.Kind,
    line: rating.RatedLine,
    usage: rating.Usage,
    *,
    collected_with: BillingPeriod,
) -> None:
    InvoiceItem.objects.create(
        organization_id=period.organization_id,
        period=period,
        collected_with=collected_with,
        kind=kind,
        quantity=line.quantity,
        unit_price_nano=line.unit_price_nano,
        amount_minor=line.amount_minor,
        currency=period.currency,
        evidence=rating.evidence(period, usage),
    )


def _set_to_collect(period: BillingPeriod) -> None:
    """Closed while something is to be charged with it, else done."""
    owed = period.items_to_collect.uncharged().exists()
    period.status = BillingPeriod.Status.CLOSED if owed else BillingPeriod.Status.INVOICED
    period.invoiced_at = None if owed else clock.now()
    period.save()
