"""The terms of a subscription change though its plan stays: at once, or when its next period begins.

No provider knows what a plan includes, so none is asked. The change is a row like any other.
"""

from django.db import transaction

from billing.models import PlanVersion, Subscription, SubscriptionChange
from billing.services import entitlements, notices, periods
from billing.services.proposals import Asked
from platform_core import clock
from platform_core.errors import Conflict
from platform_core.models.leases import NEVER
from platform_core.services import audit

Status = SubscriptionChange.Status
Timing = SubscriptionChange.Timing
UNDER_WAY = (Status.PENDING, Status.SCHEDULED, Status.CONFIRMING)


@transaction.atomic
def take(subscription: Subscription, version: PlanVersion, asked: Asked, *, timing: Timing) -> SubscriptionChange:
    """These terms of its own plan from now on, or from the next period on."""
    held = Subscription.objects.select_for_update(of=("self",)).select_related("plan").get(pk=subscription.pk)
    if held.status in Subscription.ENDED:
        raise Conflict("The subscription has ended.")
    under_way = SubscriptionChange.objects.filter(subscription=held, status__in=UNDER_WAY)
    if under_way.exists():
        raise Conflict("Another change of this subscription is under way, or waits for its next period or its payment.")
    waits = timing == Timing.RENEWAL
    change = SubscriptionChange.objects.create(
        organization_id=held.organization_id,
        subscription=held,
        kind=SubscriptionChange.Kind.TERMS,
        timing=timing,
        plan_version=version,
        quantity=held.quantity,
        status=Status.SCHEDULED if waits else Status.APPLIED,
        effective_at=held.current_period_end if waits else clock.now(),
        settled_at=None if waits else clock.now(),
        run_after=NEVER,
        requested_by=asked.by,
        reason=asked.reason[:500],
        request_digest=asked.digest,
        is_binding=asked.is_binding,
    )
    if not waits:
        adopt(held, version)
    notices.changed(change)
    return change


def adopt(subscription: Subscription, version: PlanVersion) -> None:
    """From now on it is on these terms, in the period that runs too. Runs in the caller's transaction."""
    if version.plan_id != subscription.plan_id or subscription.plan_version_id == version.pk:
        return
    changes = {"version": [subscription.plan_version.number, version.number]}
    subscription.plan_version = version
    Subscription.objects.filter(pk=subscription.pk).update(plan_version=version)
    periods.mirror(subscription)
    entitlements.write_down(subscription.organization_id)
    audit.record("subscription.terms", subscription, by=None, changes=changes)
