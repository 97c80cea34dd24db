"""Trials: whoever is in one hears three days before it ends, whether the provider says so or only the clock does."""

from datetime import timedelta
from typing import Any

from django.db import transaction

from billing.models import PaymentMethod, Subscription
from billing.services import notices
from platform_core import clock

NOTICE = timedelta(days=3)


def tell_of_endings() -> dict[str, Any]:
    """A mail for each trial that ends within three days. Each end is told of once."""
    ending = Subscription.objects.filter(
        status=Subscription.Status.TRIALING, trial_ends_at__gt=clock.now(), trial_ends_at__lte=clock.now() + NOTICE
    )
    found = list(ending.select_related("organization", "plan", "plan_version", "price"))
    for subscription in found:
        tell(subscription)
    return {"ending": len(found)}


@transaction.atomic
def tell(subscription: Subscription) -> None:
    """That the trial ends, and what happens then."""
    has_method = PaymentMethod.objects.present().filter(organization=subscription.organization_id).exists()
    notices.trial_ending(subscription, has_method=has_method)
