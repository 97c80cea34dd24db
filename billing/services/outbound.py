"""What we tell consumers and organizations of their billing: one event for each fact, in its transaction.

The shapes are a contract: a field is added within a version, and removed or changed only with the next. They are
described, event by event, in the `webhooks` of docs/openapi.yaml.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from billing.models import CheckoutSession, ConsumerTenant, Invoice, Purchase, Subscription
from platform_core import scoping
from platform_core.services.webhook_messages import Audience, announce

VERSION = 1
CHECKOUT_COMPLETED: Final = "checkout.completed"
PURCHASE_COMPLETED: Final = "purchase.completed"
SUBSCRIPTION_ACTIVATED: Final = "subscription.activated"
SUBSCRIPTION_UPDATED: Final = "subscription.updated"
SUBSCRIPTION_PAST_DUE: Final = "subscription.past_due"
SUBSCRIPTION_CANCELED: Final = "subscription.canceled"
INVOICE_FINALIZED: Final = "invoice.finalized"
INVOICE_PAID: Final = "invoice.paid"
# What each says, as the pages on which events are chosen tell it.
EVENTS: Mapping[str, str] = {
    CHECKOUT_COMPLETED: "A checkout was paid",
    PURCHASE_COMPLETED: "Something was bought, once or as the beginning of a subscription",
    SUBSCRIPTION_ACTIVATED: "A subscription gives access now",
    SUBSCRIPTION_UPDATED: "Its plan, quantity, end or status changed",
    SUBSCRIPTION_PAST_DUE: "A renewal was not paid",
    SUBSCRIPTION_CANCELED: "A subscription is over",
    INVOICE_FINALIZED: "An invoice is final",
    INVOICE_PAID: "An invoice was paid in full",
}
# Of a subscription's statuses, those that give access without a reminder.
GOOD = (Subscription.Status.TRIALING, Subscription.Status.ACTIVE)
LATE = (Subscription.Status.PAST_DUE, Subscription.Status.UNPAID)


def audiences(organization_id: UUID, tenant_id: UUID | None = None) -> list[Audience]:
    """The organization, and its consumers: of what one of them bought, that one alone."""
    with scoping.system():
        tenants = ConsumerTenant.objects.filter(organization=organization_id, consumer__endpoint__isnull=False)
        if tenant_id is not None:
            tenants = tenants.filter(pk=tenant_id)
        known = list(tenants.values_list("consumer_id", "consumer__key", "external_id"))
    return [
        Audience(organization_id, organization_id),
        *(
            Audience(consumer_id, organization_id, {"consumer": {"key": key, "tenantId": external_id}})
            for consumer_id, key, external_id in known
        ),
    ]


def subscription_changed(row: Subscription, previous: str) -> None:
    """Its status is another one."""
    event = _event_of(row.status, previous)
    _tell(event, subscription_data(row, previous), row.organization_id, row.consumer_tenant_id, key=_reading(row))


def subscription_updated(row: Subscription) -> None:
    """Its plan, price, quantity or coming end is another one, and its status is not."""
    data = subscription_data(row, row.status)
    _tell(SUBSCRIPTION_UPDATED, data, row.organization_id, row.consumer_tenant_id, key=_reading(row))


def _event_of(status: str, previous: str) -> str:
    if status in Subscription.ENDED:
        return SUBSCRIPTION_CANCELED
    if status in LATE and previous not in LATE:
        return SUBSCRIPTION_PAST_DUE
    if status in GOOD and previous not in GOOD:
        return SUBSCRIPTION_ACTIVATED
    return SUBSCRIPTION_UPDATED


def _reading(row: Subscription) -> str:
    """A reading of the provider is told once."""
    return f"{row.pk}:{row.observed_at.isoformat()}"


def checkout_completed(row: CheckoutSession, purchase: Purchase) -> None:
    """It was paid, and what was bought is the buyer's."""
    data = {
        "checkoutSessionId": str(row.pk),
        "providerCheckoutSessionId": row.provider_session_id,
        "purchaseId": str(purchase.pk),
        "subscriptionId": _id(purchase.subscription_id),
        "pricingItemCode": purchase.price.lookup_key,
        "quantity": purchase.quantity,
    }
    _tell(CHECKOUT_COMPLETED, data, purchase.organization_id, purchase.consumer_tenant_id, key=str(row.pk))


def purchase_completed(row: Purchase) -> None:
    """Something was bought."""
    _tell(PURCHASE_COMPLETED, purchase_data(row), row.organization_id, row.consumer_tenant_id, key=str(row.pk))


def invoice_finalized(row: Invoice) -> None:
    """It has its number and changes no more."""
    _tell(INVOICE_FINALIZED, invoice_data(row), row.organization_id, _tenant_of(row.subscription), key=str(row.pk))


def invoice_paid(row: Invoice) -> None:
    """All of it was paid."""
    _tell(INVOICE_PAID, invoice_data(row), row.organization_id, _tenant_of(row.subscription), key=str(row.pk))


def _tell(event: str, data: Mapping[str, Any], organization_id: UUID, tenant_id: UUID | None, *, key: str) -> None:
    told = audiences(organization_id, tenant_id)
    announce(told, event, data, key=f"{event}:{key}", version=VERSION)


def _tenant_of(subscription: Subscription | None) -> UUID | None:
    return subscription.consumer_tenant_id if subscription else None


# --- shapes, version 1 ---
def subscription_data(row: Subscription, previous: str) -> dict[str, Any]:
    """A subscription as it is now."""
    return {
        "subscriptionId": str(row.pk),
        "providerSubscriptionId": row.provider_subscription_id,
        "productCode": row.plan.product.code,
        "planCode": row.plan.code,
        "pricingItemCode": row.price.lookup_key,
        "status": row.status,
        "previousStatus": previous,
        "quantity": row.quantity,
        "currentPeriodStart": moment(row.current_period_start),
        "currentPeriodEnd": moment(row.current_period_end),
        "cancelAtPeriodEnd": row.cancel_at_period_end,
        "canceledAt": moment(row.canceled_at),
        "endedAt": moment(row.ended_at),
    }


def purchase_data(row: Purchase) -> dict[str, Any]:
    """What was bought, and for how much before tax and discounts."""
    return {
        "purchaseId": str(row.pk),
        "kind": row.kind,
        "productCode": row.price.plan.product.code,
        "planCode": row.price.plan.code,
        "pricingItemCode": row.price.lookup_key,
        "quantity": row.quantity,
        "currency": row.currency.upper(),
        "amountMinor": row.amount_minor,
        "subscriptionId": _id(row.subscription_id),
        "purchasedAt": moment(row.purchased_at),
    }


def invoice_data(row: Invoice) -> dict[str, Any]:
    """An invoice's sums."""
    return {
        "invoiceId": str(row.pk),
        "number": row.number,
        "status": row.status,
        "currency": row.currency.upper(),
        "subtotalMinor": row.subtotal_minor,
        "taxMinor": row.tax_minor,
        "totalMinor": row.total_minor,
        "paidMinor": row.paid_minor,
        "subscriptionId": _id(row.subscription_id),
        "periodStart": moment(row.period_start),
        "periodEnd": moment(row.period_end),
        "issuedAt": moment(row.issued_at),
        "paidAt": moment(row.paid_at),
    }


def moment(at: datetime | None) -> str | None:
    """RFC 3339, in UTC."""
    return f"{at:%Y-%m-%dT%H:%M:%S.%fZ}" if at else None


def _id(key: UUID | None) -> str | None:
    return str(key) if key else None
