"""What is asked of the provider for a change, and whether what is read there is it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, cast

from billing.models import Price, Subscription, SubscriptionChange
from billing.providers import provider
from billing.providers.protocol import ChangeSpec, ItemSpec, PendingUpdateFact, ProviderRefused, ScheduleFact, Snapshot
from billing.services import confirming, planned, subscriptions

if TYPE_CHECKING:
    from billing.providers.protocol import SubscriptionFact

Kind = SubscriptionChange.Kind
# The event whose reading is the whole subscription.
READ_AS = "customer.subscription.updated"


@dataclass(frozen=True)
class Answer:
    """What the provider said: when a scheduled change comes into force, or for whose payment one waits."""

    effective_at: datetime | None = None
    waits_for: PendingUpdateFact | None = None


def is_done(row: SubscriptionChange, snapshot: Snapshot) -> bool:
    """Whether what was read is what the row wants."""
    fact = subscriptions.plan_first(cast("SubscriptionFact", snapshot.subscription))
    price_id = row.price.provider_price_id if row.price else ""
    match row.kind:
        case Kind.UPGRADE | Kind.DOWNGRADE | Kind.ADD_ONS:
            found = snapshot.schedule if waits(row) else fact
            is_so = found is not None and (found.price_id, found.quantity) == (price_id, row.quantity)
            return is_so and _has_items(row, snapshot)
        case Kind.TRIAL:
            return fact.trial_end == row.trial_ends_at
        case Kind.END:
            return fact.ended_at is not None
        case Kind.RESUME:
            is_planned = snapshot.schedule is not None and snapshot.schedule.takes_effect_at is not None
            was_planned = is_planned and not row.keeps_planned
            is_asked = fact.cancel_at_period_end or fact.pending_update is not None
            return not (is_asked or was_planned or fact.status == Subscription.Status.PAUSED)
        case _:
            return fact.cancel_at_period_end


def _has_items(row: SubscriptionChange, snapshot: Snapshot) -> bool:
    """Whether what is beside the plan there, or will be, is what the row wants."""
    now = {item.price_id: item.quantity for item in snapshot.subscription.items} if snapshot.subscription else {}
    found = snapshot.schedule.items if snapshot.schedule and waits(row) else now
    return all(found.get(each.price_id, 0) == each.quantity for each in _items(row))


def _items(row: SubscriptionChange) -> list[ItemSpec]:
    wanted = row.add_ons.values_list("price__provider_price_id", "quantity")
    return [ItemSpec(price_id, quantity) for price_id, quantity in wanted]


def ask(row: SubscriptionChange) -> Answer:
    """The one request, always the same for a row."""
    subscription, key = row.subscription, row.idempotency_key
    known, waits_for = subscription.provider_subscription_id, None
    confirming.take_back(row)
    if not waits(row) and SubscriptionChange.objects.filter(subscription=subscription).scheduled().exists():
        provider().unschedule_change(known, key=f"{key}:unschedule")
    match row.kind:
        case Kind.UPGRADE | Kind.DOWNGRADE | Kind.ADD_ONS if waits(row):
            return Answer(provider().schedule_change(spec_of(row), key=key).takes_effect_at)
        case Kind.UPGRADE | Kind.DOWNGRADE | Kind.ADD_ONS | Kind.TRIAL:
            waits_for = provider().change_subscription(spec_of(row), key=key, at=row.prorated_at).pending_update
        case Kind.RESUME if subscription.status == Subscription.Status.PAUSED:
            provider().wake_subscription(known, key=key)
        case Kind.RESUME:
            provider().resume_subscription(known, key=key)
        case _:
            provider().cancel_subscription(known, at_period_end=row.kind == Kind.CANCEL, key=key)
    if row.keeps_planned and row.kind != Kind.CANCEL:
        _plan_again(row)
    return Answer(waits_for=waits_for)


def _plan_again(row: SubscriptionChange) -> None:
    """What waited goes on waiting: no change is made beside a schedule, so that was let go.

    The change itself is made by now. So where the provider does not take this, only what waited comes to nothing.
    """
    if row.subscription.cancel_at_period_end and row.kind != Kind.RESUME:
        return
    waiting = SubscriptionChange.objects.filter(subscription=row.subscription_id).binding()
    for planned_one in waiting.exclude(price=None).select_related("subscription__price", "price"):
        since = {item.price_id for item in _items(row)}
        items = [item for item in _items(planned_one) if item.price_id not in since]
        spec = replace(
            spec_of(planned_one), quantity=row.quantity, from_price_id=spec_of(row).from_price_id, items=items
        )
        # Under a key of each attempt: a second one has let go of what the first had planned.
        _plan(planned_one, spec, key=f"{row.idempotency_key}:again:{row.attempt}")


def put_back(row: SubscriptionChange) -> None:
    """What was planned before is planned again: the provider let go of it for a change that does not come.

    Not of a subscription that ends with its period: no provider plans that one. What staff decided waits for whoever
    goes on with it after all.
    """
    ends = Subscription.objects.filter(pk=row.subscription_id, cancel_at_period_end=True).exists()
    waiting = planned.at_provider(row.subscription_id).select_related("subscription__price", "price")
    for planned_one in [] if ends else waiting:
        # Under a key of each claim: since the one before it may have been let go of once more.
        schedule = _plan(planned_one, spec_of(planned_one), key=f"{row.idempotency_key}:back:{row.lease_token}")
        if schedule is not None:
            planned.put_back(planned_one, schedule.takes_effect_at)


def _plan(planned_one: SubscriptionChange, spec: ChangeSpec, *, key: str) -> ScheduleFact | None:
    """Plan it there, or none. What is refused is told of no more, but what staff decided outlasts a planned end."""
    try:
        return provider().schedule_change(spec, key=key)
    except ProviderRefused as error:
        if not (planned_one.is_binding and _ends(spec.subscription_id)):
            planned.refuse(planned_one, error)
    return None


def _ends(subscription_id: str) -> bool:
    """Whether it ends with its period at the provider, where we have not heard of that yet."""
    snapshot = provider().snapshot(READ_AS, subscription_id)
    return snapshot is not None and snapshot.subscription is not None and snapshot.subscription.cancel_at_period_end


def waits(row: SubscriptionChange) -> bool:
    """Whether the provider carries it out when the period ends."""
    return row.timing == SubscriptionChange.Timing.RENEWAL


def spec_of(row: SubscriptionChange) -> ChangeSpec:
    """The change in the provider's words."""
    price: Price = row.price or row.subscription.price
    return ChangeSpec(
        subscription_id=row.subscription.provider_subscription_id,
        price_id=price.provider_price_id,
        quantity=row.quantity,
        prorate="now" if row.prorated_at else "none",
        trial_end=row.trial_ends_at,
        items=_items(row),
        from_price_id=row.subscription.price.provider_price_id,
        may_wait=confirming.may_wait(row),
    )
