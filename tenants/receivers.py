"""What tenants do about facts of billing."""

from typing import Any

from django.dispatch import receiver

from billing.models import Subscription
from billing.signals import (
    checkout_completed,
    subscription_changed,
    subscription_restored,
    subscription_suspended,
)
from identity.models import User
from orgs.models import Organization
from orgs.signals import organization_deleting
from platform_core import scoping
from tenants.models import Order
from tenants.services import orders, standing


@receiver(checkout_completed)
def open_order(sender: Any, *, subscription: Subscription, by: User, **kwargs: Any) -> None:
    """A purchase of a server is an order, in the same transaction."""
    with scoping.system():
        orders.open_order(subscription, by=by)


@receiver(subscription_suspended)
def suspend_order(sender: Any, *, subscription: Subscription, **kwargs: Any) -> None:
    """What is not paid for is taken away, in the transaction that says so."""
    standing.suspend(subscription)


@receiver(subscription_restored)
def restore_order(sender: Any, *, subscription: Subscription, **kwargs: Any) -> None:
    """And comes back with the payment."""
    standing.restore(subscription)


@receiver(subscription_changed)
def end_order(sender: Any, *, subscription: Subscription, previous: str, **kwargs: Any) -> None:
    """A subscription that is over has no server any more."""
    if subscription.status in Subscription.ENDED:
        standing.end(subscription)


@receiver(organization_deleting)
def name_orders(sender: Any, *, organization: Organization, **kwargs: Any) -> list[str]:
    """A server keeps running for somebody: its order has to be canceled before."""
    running = Order.objects.filter(organization=organization).exclude(status=Order.Status.CANCELED)
    return [f"the server {each.domain}" for each in running]
