"""What is left to the customer after a change was asked for: a page of the provider's, on which their bank is heard."""

from dataclasses import dataclass
from datetime import datetime

from billing.models import Dunning, SubscriptionChange


@dataclass(frozen=True)
class NextStep:
    """Where they go, and until when; without an end what was asked for is done, and owed."""

    url: str
    until: datetime | None


def of(change: SubscriptionChange) -> NextStep | None:
    """To confirm what waits; or to pay for the period that a paused subscription went on with."""
    if change.status == SubscriptionChange.Status.CONFIRMING:
        return NextStep(change.confirm_url, change.lapses_at)
    if change.kind != SubscriptionChange.Kind.RESUME:
        return None
    since = Dunning.objects.running().filter(subscription=change.subscription_id, began_at__gte=change.created_at)
    owed = since.select_related("invoice").first()
    return NextStep(owed.invoice.payment_url, None) if owed and owed.invoice.payable else None
