"""Monthly recurring revenue: what a subscription brings, and a movement for each change of it.

What counts, and why:

- A subscription counts while it is active or past due: in dunning the customer is still one, and most of them pay.
- A trial brings nothing; it counts as new on the day on which it is paid for. Nor does what is incomplete, paused or
  not collected.
- Unpaid counts as lost on the day on which the provider gives up, canceled on the day on which it ends. Asking for an
  end with the period changes nothing before that. Paying again is a reactivation, however long the gap was.
- A yearly price counts as a twelfth, rounded once for the whole subscription, half a minor unit upwards. Discounts that
  come back each period are taken off; one that is taken off a single invoice is not. Tax, usage beyond the allotment
  and what is bought once are no recurring revenue.
- Each currency is counted for itself: nothing is converted.
- A movement is of the day on which we learned of the change, so that a month that is over never changes.

The movement is the difference between what a subscription brings now and the sum of its movements so far, taken while
its row is held: the same reading twice, or an older one, makes none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Max, Min, Sum

from billing.models import Coupon, MrrMovement, Price, Subscription
from billing.providers.protocol import SubscriptionFact
from billing.services import schemes
from billing.services.coupons import discount
from orgs.models import Organization
from platform_core import clock
from platform_core.months import MONTHS_A_YEAR, month_of

PAYING = (Subscription.Status.ACTIVE, Subscription.Status.PAST_DUE)

Kind = MrrMovement.Kind


def monthly_minor(parts: Sequence[tuple[Price, int]], coupons: Sequence[Coupon] = ()) -> int:
    """What so many of each price bring a month together, the plan's first; less what comes off, rounded once."""
    yearly = sum(_yearly(price, quantity) for price, quantity in parts)
    for coupon in coupons:
        yearly -= _off(coupon, parts[0][0], yearly)
    return half_up(yearly, MONTHS_A_YEAR)


def _yearly(price: Price, quantity: int) -> int:
    times = 1 if price.interval == Price.Interval.YEAR else MONTHS_A_YEAR
    return schemes.amount_of(price, quantity) * times


def of_fact(fact: SubscriptionFact, price: Price) -> int:
    """What a subscription as the provider tells of it brings a month, with whatever is sold beside its plan."""
    if fact.pause:
        return 0
    beside = {item.price_id: item.quantity for item in fact.items if item.price_id != fact.price_id}
    known = Price.objects.filter(provider_price_id__in=beside, currency=price.currency) if beside else ()
    parts = [(price, fact.quantity), *((each, beside[each.provider_price_id]) for each in known)]
    return monthly_minor(parts, _coupons(fact))


def _coupons(fact: SubscriptionFact) -> list[Coupon]:
    """Those at work on it that come back each period, in the order in which the provider takes them off."""
    named = [each.coupon_id for each in fact.discounts]
    again = Coupon.objects.exclude(duration=Coupon.Duration.ONCE).filter(provider_coupon_id__in=named) if named else ()
    return sorted(again, key=lambda coupon: named.index(coupon.provider_coupon_id))


def _off(coupon: Coupon, price: Price, yearly: int) -> int:
    """What it takes off a year: a share of it, or its amount from each invoice."""
    if coupon.amount_minor is None:
        return discount(coupon, yearly)
    times = 1 if price.interval == Price.Interval.YEAR else MONTHS_A_YEAR
    return min(yearly, coupon.amount_minor * times) if coupon.currency == price.currency else 0


def half_up(numerator: int, denominator: int) -> int:
    """The quotient, rounded once, half a unit upwards."""
    return (2 * numerator + denominator) // (2 * denominator)


def worth(row: Subscription) -> dict[str, int]:
    """What a subscription brings a month now, by currency; nothing unless it counts."""
    return {row.price.currency: row.monthly_minor} if row.status in PAYING and row.monthly_minor else {}


@dataclass
class _Customer:
    """What an organization brings, by currency, and since when."""

    balances: dict[str, int]
    cohort_on: date | None

    @property
    def pays(self) -> bool:
        return any(self.balances.values())

    def move(self, currency: str, amount: int) -> Kind:
        """Take a change in; says what it is to the customer as a whole."""
        paid = self.pays
        self.balances[currency] = self.balances.get(currency, 0) + amount
        if amount < 0:
            return Kind.CONTRACTION if self.pays else Kind.CHURN
        if paid:
            return Kind.EXPANSION
        return Kind.REACTIVATION if self.cohort_on else Kind.NEW


def record(row: Subscription) -> list[MrrMovement]:
    """Write what changed of what a subscription brings, in the transaction that changes it and holds its row."""
    before, last = _balances(row)
    changes = list(_changes(before, worth(row)))
    if not changes:
        return []
    # Two subscriptions of one customer take turns here: each sees what the other made of the customer.
    Organization.objects.select_for_update(no_key=True).get(pk=row.organization_id)
    customer, moment = _customer(row), clock.now()
    month_on, cohort_on = month_of(moment), customer.cohort_on or month_of(moment)
    rows = [
        MrrMovement(
            organization_id=row.organization_id,
            subscription=row,
            number=last + place,
            kind=customer.move(currency, amount),
            amount_minor=amount,
            currency=currency,
            occurred_at=moment,
            month_on=max(month_on, cohort_on),
            cohort_on=cohort_on,
        )
        for place, (currency, amount) in enumerate(changes, start=1)
    ]
    return MrrMovement.objects.bulk_create(rows)


def _balances(row: Subscription) -> tuple[dict[str, int], int]:
    """The sum of a subscription's movements by currency, and the number of its last."""
    moved = MrrMovement.objects.filter(subscription=row).order_by().values_list("currency")
    found = list(moved.annotate(Sum("amount_minor"), Max("number")))
    return {currency: total for currency, total, _ in found}, max((last for *_, last in found), default=0)


def _customer(row: Subscription) -> _Customer:
    moved = MrrMovement.objects.filter(organization_id=row.organization_id).order_by().values_list("currency")
    found = list(moved.annotate(Sum("amount_minor"), Min("cohort_on")))
    balances = {currency: total for currency, total, _ in found}
    return _Customer(balances, min((since for *_, since in found), default=None))


def _changes(before: Mapping[str, int], after: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """By currency what is more, then what is less: whoever changes the currency stays a customer throughout."""
    differences = {each: after.get(each, 0) - before.get(each, 0) for each in {*before, *after}}
    yield from sorted(((each, by) for each, by in differences.items() if by), key=lambda change: -change[1])


def mend() -> int:
    """Add what is missing, each subscription in a transaction of its own; how many movements that were."""
    return sum(len(_mend(row)) for row, _ in _unequal())


@transaction.atomic
def _mend(row: Subscription) -> list[MrrMovement]:
    held = Subscription.objects.select_for_update(of=("self",)).select_related("price")
    return record(held.get(pk=row.pk))


def disagreements() -> Iterator[str]:
    """Every subscription whose movements do not sum to what it brings now."""
    for row, moved in _unequal():
        yield f"Subscription {row.pk} ({row}) brings {worth(row) or 'nothing'}, its movements {moved or 'nothing'}"


def _unequal() -> Iterator[tuple[Subscription, dict[str, int]]]:
    totals: dict[object, dict[str, int]] = {}
    moved = MrrMovement.objects.order_by().values_list("subscription_id", "currency")
    for pk, currency, total in moved.annotate(total=Sum("amount_minor")):
        if total:
            totals.setdefault(pk, {})[currency] = total
    for row in Subscription.objects.select_related("price", "plan").order_by("pk").iterator():
        found = totals.get(row.pk, {})
        if found != worth(row):
            yield row, found


def misplaced() -> Iterator[str]:
    """Every movement whose kind, month or cohort is not what follows from the ones before it of its customer."""
    customer, whose = _Customer({}, None), None
    for each in MrrMovement.objects.order_by("organization_id", "pk").iterator():
        if each.organization_id != whose:
            customer, whose = _Customer({}, None), each.organization_id
        kind = customer.move(each.currency, each.amount_minor)
        customer.cohort_on = customer.cohort_on or each.cohort_on
        month_on = max(month_of(each.occurred_at), each.cohort_on)
        if (each.kind, each.cohort_on, each.month_on) != (kind, customer.cohort_on, month_on):
            yield f"Movement {each.pk} is {each.kind} of {each.month_on:%Y-%m}: it should be {kind} of {month_on:%Y-%m}"
