"""What of billing is a person's own data, for the export of it.

Bills are an organization's. They are a person's own where that organization is theirs alone, and what they bought
themselves is theirs wherever they bought it. Payments are what an invoice says of them: when, how much, and why not.
"""

from typing import Any

from django.db.models import Q

from billing.models import (
    CheckoutSession,
    ConsumerTenant,
    FoundingMember,
    Invoice,
    PaymentMethodSetup,
    Subscription,
    SubscriptionChange,
)
from identity.models import User
from identity.personal_data import Part, chosen
from orgs.services.ownership import owned_alone

PURCHASE = ("created_at", "plan__name", "status", "email", "organization_id", "completed_at")
SUBSCRIPTION = (
    "id",
    "organization_id",
    "plan__name",
    "status",
    "quantity",
    "created_at",
    "current_period_start",
    "current_period_end",
    "cancel_at_period_end",
    "canceled_at",
    "ended_at",
)
INVOICE = (
    "number",
    "organization_id",
    "subscription_id",
    "status",
    "currency",
    "subtotal_minor",
    "discount_minor",
    "tax_minor",
    "total_minor",
    "paid_minor",
    "period_start",
    "period_end",
    "issued_at",
    "paid_at",
    "payment_error",
)

TENANT = ("created_at", "consumer__name", "external_id", "name", "legal_name", "billing_email", "organization_id")
CHANGE = ("created_at", "subscription_id", "kind", "status", "price__plan__name", "quantity", "reason", "settled_at")


def _bought(user: User) -> Q:
    """The subscriptions that the person bought, and those of organizations that are theirs alone."""
    theirs = CheckoutSession.objects.filter(created_by=user).exclude(provider_subscription_id="")
    bought = Q(provider_subscription_id__in=theirs.values("provider_subscription_id"))
    return bought | Q(organization__in=owned_alone(user))


def _purchases(user: User) -> list[dict[str, Any]]:
    # A guest's has an address, and no person until it is claimed.
    theirs = CheckoutSession.objects.filter(Q(created_by=user) | Q(email=user.email))
    return chosen(theirs.order_by("created_at"), *PURCHASE)


def _subscriptions(user: User) -> list[dict[str, Any]]:
    return chosen(Subscription.objects.filter(_bought(user)).order_by("created_at"), *SUBSCRIPTION)


def _invoices(user: User) -> list[dict[str, Any]]:
    theirs = Subscription.objects.filter(_bought(user))
    found = Invoice.objects.filter(Q(subscription__in=theirs) | Q(organization__in=owned_alone(user)))
    return chosen(found.order_by("issued_at"), *INVOICE)


def _founding_membership(user: User) -> list[dict[str, Any]]:
    return chosen(FoundingMember.objects.filter(user=user), "number", "token_multiplier", "expires_at", "created_at")


def _changes(user: User) -> list[dict[str, Any]]:
    """What they asked for themselves."""
    asked = SubscriptionChange.objects.filter(requested_by=user)
    return chosen(asked.order_by("created_at"), *CHANGE)


def _setups(user: User) -> list[dict[str, Any]]:
    begun = PaymentMethodSetup.objects.filter(created_by=user)
    return chosen(begun.order_by("created_at"), "created_at", "organization_id", "status", "done_at")


def _consumer_tenants(user: User) -> list[dict[str, Any]]:
    """Under whose name a product of ours sold to an organization, where its bills go to the person."""
    theirs = ConsumerTenant.objects.filter(billing_email__iexact=user.email)
    return chosen(theirs.order_by("created_at"), *TENANT)


PARTS = [
    Part("purchases", CheckoutSession, _purchases),
    Part("subscriptions", Subscription, _subscriptions),
    Part("invoices", Invoice, _invoices),
    Part("subscription_changes", SubscriptionChange, _changes),
    Part("payment_method_setups", PaymentMethodSetup, _setups),
    Part("consumer_tenants", ConsumerTenant, _consumer_tenants),
    Part("founding_membership", FoundingMember, _founding_membership),
]
