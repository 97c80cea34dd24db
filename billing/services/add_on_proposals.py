"""What other add-ons would mean for a subscription: from when on, and what they cost. Nothing is changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from billing.models import Price, Subscription
from billing.services import add_on_wishes, proposals, schemes
from billing.services.add_on_wishes import Beside
from billing.services.proposals import Kind, Proposal, Timing, Wish
from platform_core.errors import Conflict


def propose(
    subscription: Subscription,
    add_ons: Mapping[str, int],
    *,
    at: datetime | None = None,
    timing: Timing | None = None,
) -> Proposal:
    """What it would mean to have so many of these, by their code: none, and it goes. What is not named stays.

    Unless it is said otherwise, more is in force at once and less with the next period; of more of one and less of
    another, what costs more is in force at once. What already waits for the next period waits together with it.
    """
    proposals.refuse_where_closed(subscription)
    wishes = add_on_wishes.wanted(subscription, add_ons)
    timing = timing or _timing(wishes)
    planned = proposals.planned_of(subscription) if timing == Timing.RENEWAL else None
    plan = planned or subscription
    price: Price = plan.price or subscription.price
    counts = proposals.planned_counts(planned) | {each.price.plan_id: each.quantity for each in wishes}
    beside = add_on_wishes.arranged(subscription, price, counts)
    if not beside and (price.pk, plan.quantity) == (subscription.price_id, subscription.quantity):
        has = f"{subscription.organization} has it so already."
        raise Conflict(f"{has} Resume the subscription to take back what is planned." if planned else has)
    return proposals.figured(Wish(subscription, Kind.ADD_ONS, timing, price, plan.quantity, beside), at=at)


def _timing(wishes: Sequence[Beside]) -> Timing:
    more = any(each.quantity > each.before for each in wishes)
    less = any(each.quantity < each.before for each in wishes)
    costs = sum(
        schemes.amount_of(each.price, count) * sign
        for each in wishes
        for count, sign in ((each.quantity, 1), (each.before, -1))
        if count
    )
    return Timing.NOW if more and (not less or costs > 0) else Timing.RENEWAL
