"""What billing does about facts from below."""

from typing import Any

from django.dispatch import receiver

from billing.models import CheckoutSession, Subscription
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
