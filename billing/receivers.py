"""What billing does about facts from below."""

from typing import Any

from django.dispatch import receiver

from billing.models import CheckoutSession, Invoice, Purchase, Subscription
from billing.services import outbound
from billing.signals import (
    invoice_finalized,
    invoice_paid,
    purchase_completed,
    subscription_changed,
    subscription_updated,
)
from identity.models import User
from identity.signals import account_erased
from orgs.models import Organization
from orgs.signals import organization_deleting


@receiver(account_erased)
def forget_buyer(sender: Any, *, user: User, address: str, **kwargs: Any) -> None:
    """Of an erased person's purchases everything stays but the address, which may be another person's since."""
    CheckoutSession.objects.filter(email__iexact=address, created_at__lte=user.erased_at).update(email="")


@receiver(organization_deleting)
def name_subscriptions(sender: Any, *, organization: Organization, **kwargs: Any) -> list[str]:
    """Whoever pays keeps the organization: a subscription has to be canceled before."""
    running = Subscription.objects.filter(organization=organization).exclude(status__in=Subscription.ENDED)
    return [f"the subscription to {each.plan.name}" for each in running.select_related("plan")]


@receiver(subscription_changed)
def tell_of_status(sender: Any, *, subscription: Subscription, previous: str, **kwargs: Any) -> None:
    """In the transaction of the change: it is told if and only if it is so."""
    outbound.subscription_changed(subscription, previous)


@receiver(subscription_updated)
def tell_of_change(sender: Any, *, subscription: Subscription, **kwargs: Any) -> None:
    """The same, where the status stayed."""
    outbound.subscription_updated(subscription)


@receiver(purchase_completed)
def tell_of_purchase(sender: Any, *, purchase: Purchase, **kwargs: Any) -> None:
    """What was bought, and the checkout that it was bought by."""
    outbound.purchase_completed(purchase)
    if purchase.checkout is not None:
        outbound.checkout_completed(purchase.checkout, purchase)


@receiver(invoice_finalized)
def tell_of_invoice(sender: Any, *, invoice: Invoice, **kwargs: Any) -> None:
    """It is final."""
    outbound.invoice_finalized(invoice)


@receiver(invoice_paid)
def tell_of_payment(sender: Any, *, invoice: Invoice, **kwargs: Any) -> None:
    """All of it came."""
    outbound.invoice_paid(invoice)
