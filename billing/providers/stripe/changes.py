"""Changing subscriptions at Stripe: at once with proration, at the period's end by a schedule, and ending them."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import stripe

from billing.providers.facts import InvoiceFact, ScheduleFact, SubscriptionFact
from billing.providers.specs import ChangeSpec
from billing.providers.stripe.normalize import (
    Raw,
    dig,
    id_of,
    normalize_invoice,
    normalize_schedule,
    normalize_subscription,
    plain,
)
from platform_core import clock

if TYPE_CHECKING:
    from stripe._v1_services import V1Services
    from stripe.params import (
        InvoiceCreatePreviewParams,
        SubscriptionResumeParams,
        SubscriptionScheduleUpdateParams,
        SubscriptionUpdateParams,
    )

BEHAVIOR = {"now": "always_invoice", "next_invoice": "create_prorations", "none": "none"}
OVER = ("canceled", "incomplete_expired")
# A schedule that still has something to say.
LIVING = ("not_started", "active")
WITH_DISCOUNTS = ["discounts"]
# The bank would pay, once the cardholder has told it so.
MUST_CONFIRM = (
    "authentication_required",
    "invoice_payment_intent_requires_action",
    "subscription_payment_intent_requires_action",
)


def read(api: "V1Services", subscription_id: str) -> Raw:
    """The subscription as it is now."""
    return plain(api.subscriptions.retrieve(subscription_id, {"expand": WITH_DISCOUNTS}))


def preview(api: "V1Services", spec: ChangeSpec, *, at: datetime | None) -> InvoiceFact:
    """What Stripe would bill; nothing of it stays there."""
    changed: dict[str, Any] = {
        "items": items_of(read(api, spec.subscription_id), spec),
        "proration_behavior": BEHAVIOR[spec.prorate],
        **({"proration_date": int(at.timestamp())} if at and spec.prorate != "none" else {}),
        **_trial(spec),
    }
    params: dict[str, Any] = {
        "subscription": spec.subscription_id,
        "subscription_details": changed,
        **({"discounts": [{"coupon": spec.coupon_id}]} if spec.coupon_id else {}),
    }
    invoice = plain(api.invoices.create_preview(cast("InvoiceCreatePreviewParams", params)))
    return normalize_invoice({**invoice, "id": ""})


def change(api: "V1Services", spec: ChangeSpec, *, key: str, at: datetime | None) -> SubscriptionFact:
    """Change it unless it is so already: then an earlier call, whose answer was lost, has done it."""
    subscription = read(api, spec.subscription_id)
    if is_already(subscription, spec):
        return normalize_subscription(subscription)
    release(api, subscription, key=f"{key}:release")
    params: dict[str, Any] = {
        "items": items_of(subscription, spec),
        "proration_behavior": BEHAVIOR[spec.prorate],
        **({"proration_date": int(at.timestamp())} if at and spec.prorate != "none" else {}),
        **({"discounts": [{"coupon": spec.coupon_id}]} if spec.coupon_id else {}),
        **_trial(spec),
    }
    try:
        # A card that declines leaves everything as it was.
        return update(api, spec.subscription_id, {**params, "payment_behavior": "error_if_incomplete"}, key=key)
    except stripe.CardError as error:
        if not spec.may_wait or error.code not in MUST_CONFIRM:
            raise
    waits = {**params, "payment_behavior": "pending_if_incomplete"}
    return update(api, spec.subscription_id, waits, key=f"{key}:confirm")


def update(api: "V1Services", subscription_id: str, params: Mapping[str, Any], *, key: str) -> SubscriptionFact:
    """One update under one key."""
    given = cast("SubscriptionUpdateParams", {**params, "expand": WITH_DISCOUNTS})
    return normalize_subscription(plain(api.subscriptions.update(subscription_id, given, {"idempotency_key": key})))


def _trial(spec: ChangeSpec) -> dict[str, Any]:
    if spec.trial_end is None:
        return {}
    return {"trial_end": "now" if spec.trial_end <= clock.now() else int(spec.trial_end.timestamp())}


def items_of(subscription: Raw, spec: ChangeSpec) -> list[dict[str, Any]]:
    """The change item by item; of what is sold beside the plan, what is not named stays."""
    plan, *others = plan_first(subscription, spec)
    changed: list[dict[str, Any]] = [{"id": plan["id"], "price": spec.price_id, "quantity": spec.quantity}]
    wanted = {item.price_id: item.quantity for item in spec.items}
    for item in others:
        quantity = wanted.pop(id_of(item["price"]), None)
        if quantity is not None:
            changed.append({"id": item["id"], **({"quantity": quantity} if quantity else {"deleted": True})})
    return changed + [{"price": price_id, "quantity": quantity} for price_id, quantity in wanted.items() if quantity]


def plan_first(subscription: Raw, spec: ChangeSpec) -> list[Raw]:
    """The items, that of the plan first: Stripe tells them in whichever order."""
    known = (spec.price_id, spec.from_price_id)

    def is_beside(item: Raw) -> bool:
        if spec.item_id:
            return bool(item["id"] != spec.item_id)
        return bool(spec.from_price_id) and id_of(item["price"]) not in known

    return sorted(subscription["items"]["data"], key=is_beside)


def is_already(subscription: Raw, spec: ChangeSpec) -> bool:
    """Whether the subscription is what it should be."""
    fact = normalize_subscription(subscription)
    plan, *others = plan_first(subscription, spec)
    beside = _counted(others)
    coupons = {discount.coupon_id for discount in fact.discounts}
    return (
        (id_of(plan["price"]), plan.get("quantity") or 1) == (spec.price_id, spec.quantity)
        and all(beside.get(item.price_id, 0) == item.quantity for item in spec.items)
        and (not spec.coupon_id or spec.coupon_id in coupons)
        and (spec.trial_end is None or _trial_ends(fact, spec.trial_end))
    )


def _counted(items: list[Raw]) -> dict[str, int]:
    """How many of each price."""
    return {id_of(item["price"]): item.get("quantity") or 1 for item in items}


def _trial_ends(fact: SubscriptionFact, wanted: datetime) -> bool:
    if wanted <= clock.now():
        return fact.status != "trialing"
    return fact.trial_end is not None and int(fact.trial_end.timestamp()) == int(wanted.timestamp())


def schedule(api: "V1Services", spec: ChangeSpec, *, key: str) -> ScheduleFact:
    """Two phases: what it is until the period ends, and what it will be; then Stripe lets it go."""
    subscription = read(api, spec.subscription_id)
    schedule_id = id_of(subscription.get("schedule")) or _begin(api, spec.subscription_id, key=f"{key}:begin")
    found = plain(api.subscription_schedules.retrieve(schedule_id))
    if _is_planned(found, subscription, spec):
        return normalize_schedule(found)
    coming = _phase(items_after(subscription, spec), api, spec)
    kept = [_kept(phase, subscription) for phase in found["phases"] if _is_present(phase, found)]
    params: dict[str, Any] = {
        "end_behavior": "release",
        "proration_behavior": "none",
        "phases": [*kept, {**coming, "discounts": _carried(subscription, spec)}],
    }
    given = cast("SubscriptionScheduleUpdateParams", params)
    return normalize_schedule(
        plain(api.subscription_schedules.update(schedule_id, given, {"idempotency_key": f"{key}:phases"}))
    )


def _begin(api: "V1Services", subscription_id: str, *, key: str) -> str:
    made = api.subscription_schedules.create({"from_subscription": subscription_id}, {"idempotency_key": key})
    return made.id


def _is_present(phase: Raw, found: Raw) -> bool:
    return bool(phase["start_date"] == dig(found, "current_phase", "start_date"))


def _kept(phase: Raw, subscription: Raw) -> dict[str, Any]:
    """The phase in which the subscription is, cut to the end of its period."""
    return {
        "start_date": phase["start_date"],
        "end_date": subscription["items"]["data"][0]["current_period_end"],
        "items": [{"price": id_of(item["price"]), "quantity": item["quantity"]} for item in phase["items"]],
        "discounts": [{"discount": id_of(each)} for each in subscription.get("discounts") or ()],
    }


def items_after(subscription: Raw, spec: ChangeSpec) -> list[dict[str, Any]]:
    """All items of the next period."""
    _, *others = plan_first(subscription, spec)
    beside = {**_counted(others), **{item.price_id: item.quantity for item in spec.items}}
    kept = [{"price": price_id, "quantity": quantity} for price_id, quantity in beside.items() if quantity]
    return [{"price": spec.price_id, "quantity": spec.quantity}, *kept]


def _phase(items: list[dict[str, Any]], api: "V1Services", spec: ChangeSpec) -> dict[str, Any]:
    recurring = api.prices.retrieve(spec.price_id).recurring
    interval = recurring.interval if recurring else "month"
    count = recurring.interval_count if recurring else 1
    return {"items": items, "duration": {"interval": interval, "interval_count": count}}


def _carried(subscription: Raw, spec: ChangeSpec) -> list[dict[str, Any]]:
    """A coupon that still runs does not end with the change, unless another takes its place."""
    if spec.coupon_id:
        return [{"coupon": spec.coupon_id}]
    return [{"discount": id_of(each)} for each in subscription.get("discounts") or ()]


def _is_planned(found: Raw, subscription: Raw, spec: ChangeSpec) -> bool:
    fact = normalize_schedule(found)
    if fact.takes_effect_at is None:
        return False
    planned = [{"price": id_of(item["price"]), "quantity": item["quantity"]} for item in found["phases"][-1]["items"]]
    return not spec.coupon_id and planned == items_after(subscription, spec)


def scheduled(api: "V1Services", subscription_id: str) -> ScheduleFact | None:
    """The change that waits; a schedule that only lives until it lets go is none."""
    schedule_id = id_of(read(api, subscription_id).get("schedule"))
    if not schedule_id:
        return None
    fact = normalize_schedule(plain(api.subscription_schedules.retrieve(schedule_id)))
    return fact if fact.takes_effect_at is not None else None


def release(api: "V1Services", subscription: Raw, *, key: str) -> None:
    """Forget what was scheduled: while a schedule holds a subscription, Stripe takes no other changes of it."""
    schedule_id = id_of(subscription.get("schedule"))
    if schedule_id and api.subscription_schedules.retrieve(schedule_id).status in LIVING:
        api.subscription_schedules.release(schedule_id, {}, {"idempotency_key": f"{key}:{schedule_id}"})


def cancel(api: "V1Services", subscription_id: str, *, at_period_end: bool, key: str) -> SubscriptionFact:
    """End it, unless it is over or will end so already."""
    subscription = read(api, subscription_id)
    if subscription["status"] in OVER or (at_period_end and subscription["cancel_at_period_end"]):
        return normalize_subscription(subscription)
    release(api, subscription, key=f"{key}:release")
    if at_period_end:
        return update(api, subscription_id, {"cancel_at_period_end": True}, key=key)
    ended = api.subscriptions.cancel(subscription_id, {"expand": WITH_DISCOUNTS}, {"idempotency_key": key})
    return normalize_subscription(plain(ended))


def wake(api: "V1Services", subscription_id: str, *, key: str) -> SubscriptionFact:
    """Begin a period now, unless it was begun already."""
    subscription = read(api, subscription_id)
    if subscription["status"] == "paused":
        given: SubscriptionResumeParams = {"billing_cycle_anchor": "now", "expand": WITH_DISCOUNTS}
        subscription = plain(api.subscriptions.resume(subscription_id, given, {"idempotency_key": key}))
    return normalize_subscription(subscription)


def settle(api: "V1Services", subscription_id: str, params: Mapping[str, Any], *, key: str) -> SubscriptionFact:
    """Bring fields of a subscription to values, unless they have them."""
    subscription = read(api, subscription_id)
    if all((subscription.get(name) or None) == (value or None) for name, value in params.items()):
        return normalize_subscription(subscription)
    return update(api, subscription_id, params, key=key)
