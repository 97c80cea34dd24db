"""The billing periods of a subscription: one after another without a gap, at most one of them open.

A period is the provider's item period. It opens when the subscription does, or when the one before it closes (the
cycle does that), so usage always has exactly one period to count in: an hour counts in the period in which it ends,
so all hours of a period are over when it closes. The last period of a subscription that is over has every later hour
too. All times are UTC, which knows no daylight saving.
"""

import calendar
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

from django.db import transaction

from billing.models import NANO, BillingPeriod, FoundingMember, Price, Subscription, UsageBucket
from billing.services import schemes
from billing.services.rating import Terms
from platform_core import clock

# A period that ended as it began still has to end after that.
SHORTEST = timedelta(seconds=1)
# Before the first payment there is nothing to meter, and after the end nothing new begins.
_NOT_METERED = (Subscription.Status.INCOMPLETE, *Subscription.ENDED)
_MONTHS = {Price.Interval.MONTH: 1, Price.Interval.YEAR: 12}


def hour_of(moment: datetime) -> datetime:
    """The beginning of the hour that the moment is in."""
    return moment.replace(minute=0, second=0, microsecond=0)


def add_months(anchor: datetime, months: int) -> datetime:
    """The same day so many months later, or that month's last day where it has no such day."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    return anchor.replace(year=year, month=month + 1, day=min(anchor.day, last_day))


def months_of(price: Price) -> int:
    """How many months it is paid for at once."""
    return _MONTHS[Price.Interval(price.interval)]


def renewals(anchor: datetime, interval: str) -> Iterator[datetime]:
    """When a subscription that began at the anchor renews. Each is counted from the anchor: a February shortens one."""
    return (add_months(anchor, _MONTHS[Price.Interval(interval)] * number) for number in count(1))


def period_at(subscription: Subscription, moment: datetime) -> BillingPeriod | None:
    """The period in which the moment lies."""
    return subscription.periods.filter(starts_at__lte=moment, ends_at__gt=moment).first()


def period_of_hour(subscription: Subscription, hour: datetime) -> BillingPeriod | None:
    """The period that an hour counts in; None while that one is not open."""
    begun = subscription.periods.filter(usage_from__lte=hour).first()
    return begun if begun and begun.counts(hour) else None


@transaction.atomic
def mirror(subscription: Subscription) -> BillingPeriod | None:
    """Make the periods agree with the subscription as the provider last told it; gives the open one, if any."""
    held = Subscription.objects.select_for_update(of=("self",))
    subscription = held.select_related("price", "overage_price", "plan_version").get(pk=subscription.pk)
    latest = subscription.periods.first()
    if subscription.status in Subscription.ENDED:
        _end(latest, subscription)
    elif latest and latest.status == BillingPeriod.Status.OPEN:
        _follow(latest, subscription)
    elif subscription.status not in _NOT_METERED:
        _begin(subscription, latest)
    return subscription.periods.open().first()


def _begin(subscription: Subscription, latest: BillingPeriod | None) -> None:
    """Open the period after the latest; where the provider renewed more than once meanwhile, the next of those."""
    starts_at = latest.ends_at if latest else subscription.current_period_start
    ends_at = _end_of(subscription, starts_at)
    if ends_at <= starts_at:
        return
    period = BillingPeriod(
        organization_id=subscription.organization_id,
        subscription=subscription,
        starts_at=starts_at,
        ends_at=ends_at,
        usage_from=hour_of(starts_at),
        usage_until=hour_of(ends_at),
    )
    _agree(period, subscription)
    period.save()


def _end_of(subscription: Subscription, starts_at: datetime) -> datetime:
    if starts_at >= subscription.current_period_start:
        return subscription.current_period_end
    # Another interval is counted from where it began.
    first = subscription.periods.filter(price__interval=subscription.price.interval).last()
    anchor = first.starts_at if first else starts_at
    missed = next(when for when in renewals(anchor, subscription.price.interval) if when > starts_at)
    return min(missed, subscription.current_period_start)


def _follow(period: BillingPeriod, subscription: Subscription) -> None:
    """The open period ends where the provider's does, or where a new one was begun before its time."""
    if subscription.current_period_start == period.starts_at:
        period.ends_at = subscription.current_period_end
        if _agreed_to(period) != _agreed_to(subscription):
            _agree(period, subscription)
    elif period.starts_at < subscription.current_period_start < period.ends_at:
        period.ends_at = subscription.current_period_start
    period.usage_until = hour_of(period.ends_at)
    period.save()


def _agreed_to(row: BillingPeriod | Subscription) -> tuple[object, ...]:
    return row.price_id, row.overage_price_id, row.plan_version_id, row.quantity


def included(subscription: Subscription, at: datetime) -> int | None:
    """The tokens included in a period that begins then, a founding member's multiplied; None: no part of the plan."""
    if subscription.plan_version.token_allotment is None:
        return None
    return multiplied(subscription, FoundingMember.objects.multiplier(subscription.organization_id, at))


def multiplied(subscription: Subscription, multiplier: int) -> int | None:
    """The same for whoever knows the multiplier."""
    allotment = subscription.plan_version.token_allotment
    if allotment is None:
        return None
    return allotment * schemes.units(subscription.price, subscription.quantity) * multiplier


def terms_for(subscription: Subscription, price: Price, quantity: int) -> Terms:
    """What the subscription would cost at another price or quantity, before any usage."""
    return Terms(
        currency=price.currency,
        quantity=quantity,
        base_unit_minor=price.amount_minor or 0,
        token_allotment=None,
        unit_price_nano=None,
        base_rate=schemes.rate_of(price),
    )


def agreed(subscription: Subscription, at: datetime) -> Terms:
    """The terms that the subscription was bought on, for a period that begins then."""
    price, overage = subscription.price, subscription.overage_price
    return Terms(
        currency=price.currency,
        quantity=subscription.quantity,
        base_unit_minor=price.amount_minor or 0,
        token_allotment=included(subscription, at),
        unit_price_nano=_unit_of(overage) if overage else None,
        base_rate=schemes.rate_of(price),
        overage_rate=schemes.rate_of(overage) if overage else None,
    )


def _unit_of(price: Price) -> int:
    """Of one token, or of one package of them."""
    return price.unit_price_nano or (price.amount_minor or 0) * NANO


def _agree(period: BillingPeriod, subscription: Subscription) -> None:
    """Write the present terms down in a period, where later price lists do not change them."""
    period.plan_version = subscription.plan_version
    period.price, period.overage_price = subscription.price, subscription.overage_price
    for name, value in vars(agreed(subscription, period.starts_at)).items():
        setattr(period, name, schemes.document(value) if name.endswith("_rate") else value)


def _end(period: BillingPeriod | None, subscription: Subscription) -> None:
    """The subscription is over: its last period ends with it and takes every hour that is still to be reported."""
    if period is None or period.usage_until is None:
        return
    over_since = subscription.ended_at or subscription.current_period_end
    if period.status == BillingPeriod.Status.OPEN:
        period.ends_at = min(period.ends_at, max(over_since, period.starts_at + SHORTEST))
    elif UsageBucket.objects.filter(subscription=subscription, bucket_hour__gte=period.usage_until).exists():
        period.late_usage_at = clock.now()
    period.usage_until = None
    period.save()
