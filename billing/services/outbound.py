"""What we tell consumers and organizations of their billing: one event for each fact, in its transaction.

The shapes are a contract: a field is added within a version, and removed or changed only with the next. They are
described, event by event, in the `webhooks` of docs/openapi.yaml.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from billing.models import (
    CheckoutSession,
    ConsumerTenant,
    CreditNote,
    Dispute,
    Invoice,
    Payment,
    Purchase,
    Refund,
    Subscription,
)
from platform_core import scoping
from platform_core.services.webhook_messages import Audience, announce

VERSION = 1
CHECKOUT_COMPLETED: Final = "checkout.completed"
PURCHASE_COMPLETED: Final = "purchase.completed"
SUBSCRIPTION_ACTIVATED: Final = "subscription.activated"
SUBSCRIPTION_UPDATED: Final = "subscription.updated"
SUBSCRIPTION_PAST_DUE: Final = "subscription.past_due"
SUBSCRIPTION_CANCELED: Final = "subscription.canceled"
SUBSCRIPTION_SUSPENDED: Final = "subscription.suspended"
SUBSCRIPTION_RESTORED: Final = "subscription.restored"
INVOICE_FINALIZED: Final = "invoice.finalized"
INVOICE_PAID: Final = "invoice.paid"
INVOICE_VOIDED: Final = "invoice.voided"
INVOICE_UNCOLLECTIBLE: Final = "invoice.uncollectible"
PAYMENT_SUCCEEDED: Final = "payment.succeeded"
PAYMENT_FAILED: Final = "payment.failed"
PAYMENT_REFUNDED: Final = "payment.refunded"
PAYMENT_REFUND_FAILED: Final = "payment.refund_failed"
DISPUTE_OPENED: Final = "dispute.opened"
DISPUTE_CLOSED: Final = "dispute.closed"
CREDIT_NOTE_ISSUED: Final = "credit_note.issued"
CREDIT_NOTE_VOIDED: Final = "credit_note.voided"
# What each says, as the pages on which events are chosen tell it.
EVENTS: Mapping[str, str] = {
    CHECKOUT_COMPLETED: "A checkout was paid",
    PURCHASE_COMPLETED: "Something was bought, once or as the beginning of a subscription",
    SUBSCRIPTION_ACTIVATED: "A subscription gives access now",
    SUBSCRIPTION_UPDATED: "Its plan, quantity, end or status changed",
    SUBSCRIPTION_PAST_DUE: "A renewal was not paid",
    SUBSCRIPTION_CANCELED: "A subscription is over",
    SUBSCRIPTION_SUSPENDED: "What was bought is not paid for and is taken away until it is",
    SUBSCRIPTION_RESTORED: "What was suspended is paid for and comes back",
    INVOICE_FINALIZED: "An invoice is final",
    INVOICE_PAID: "An invoice was paid in full",
    INVOICE_VOIDED: "An invoice was taken back whole",
    INVOICE_UNCOLLECTIBLE: "What was still to be paid of an invoice was given up",
    PAYMENT_SUCCEEDED: "Money was collected",
    PAYMENT_FAILED: "A try to collect money was refused",
    PAYMENT_REFUNDED: "Money went back, in whole or in part",
    PAYMENT_REFUND_FAILED: "Money could not go back: it is as if it had never left",
    DISPUTE_OPENED: "A bank took a payment back until somebody decides",
    DISPUTE_CLOSED: "A dispute was decided: won or lost",
    CREDIT_NOTE_ISSUED: "An invoice was lessened by a credit note",
    CREDIT_NOTE_VOIDED: "A credit note holds no more",
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
            Audience(consumer_id, organization_id, {"consumerKey": key, "consumerTenantId": external_id})
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
        "providerKey": row.provider,
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


def subscription_suspended(row: Subscription) -> None:
    """It is not paid for."""
    _tell_of_access(SUBSCRIPTION_SUSPENDED, row)


def subscription_restored(row: Subscription) -> None:
    """It is paid for again."""
    _tell_of_access(SUBSCRIPTION_RESTORED, row)


def _tell_of_access(event: str, row: Subscription) -> None:
    data = subscription_data(row, row.status)
    # One reading may suspend and lose it; each suspension and each return is one of its own.
    at = row.suspended_at or row.observed_at
    _tell(event, data, row.organization_id, row.consumer_tenant_id, key=f"{row.pk}:{at.isoformat()}")


def invoice_changed(event: str, row: Invoice) -> None:
    """It has its number and changes no more; or how it ended."""
    _tell(event, invoice_data(row), row.organization_id, row.consumer_tenant_id, key=str(row.pk))


def payment_succeeded(row: Payment) -> None:
    """It brought its money."""
    _tell(PAYMENT_SUCCEEDED, payment_data(row), row.organization_id, row.consumer_tenant_id, key=str(row.pk))


def payment_failed(row: Payment) -> None:
    """A try was refused; the next one is told of again."""
    key = f"{row.pk}:{row.provider_charge_id}"
    _tell(PAYMENT_FAILED, payment_data(row), row.organization_id, row.consumer_tenant_id, key=key)


def refund_changed(event: str, row: Refund) -> None:
    """Money went back, or could not."""
    _tell(event, refund_data(row), row.organization_id, row.payment.consumer_tenant_id, key=str(row.pk))


def dispute_changed(event: str, row: Dispute) -> None:
    """A bank asks for a payment back, or what was decided."""
    _tell(event, dispute_data(row), row.organization_id, row.payment.consumer_tenant_id, key=str(row.pk))


def credit_note_changed(event: str, row: CreditNote) -> None:
    """An invoice is lessened, or is no more."""
    _tell(event, credit_note_data(row), row.organization_id, row.invoice.consumer_tenant_id, key=str(row.pk))


def _tell(event: str, data: Mapping[str, Any], organization_id: UUID, tenant_id: UUID | None, *, key: str) -> None:
    told = audiences(organization_id, tenant_id)
    announce(told, event, data, key=f"{event}:{key}", version=VERSION)


# --- shapes, version 1 ---
def subscription_data(row: Subscription, previous: str) -> dict[str, Any]:
    """A subscription as it is now."""
    return {
        "subscriptionId": str(row.pk),
        "providerKey": row.provider,
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
        "suspendedAt": moment(row.suspended_at),
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
        "discountMinor": row.discount_minor,
        "taxMinor": row.tax_minor,
        "totalMinor": row.total_minor,
        "paidMinor": row.paid_minor,
        "subscriptionId": _id(row.subscription_id),
        "periodStart": moment(row.period_start),
        "periodEnd": moment(row.period_end),
        "issuedAt": moment(row.issued_at),
        "paidAt": moment(row.paid_at),
    }


def payment_data(row: Payment) -> dict[str, Any]:
    """A payment: what it is for, and why not where it failed."""
    return {
        "paymentId": str(row.pk),
        "providerKey": row.provider,
        "providerPaymentId": row.provider_payment_id,
        "status": row.status,
        "currency": row.currency.upper(),
        "amountMinor": row.amount_minor,
        "method": row.method,
        "failure": row.failure,
        **_paid_for(row),
        "paidAt": moment(row.paid_at),
    }


def _paid_for(row: Payment) -> dict[str, Any]:
    return {
        "invoiceId": _id(row.invoice_id),
        "subscriptionId": _id(row.invoice.subscription_id if row.invoice else None),
    }


def refund_data(row: Refund) -> dict[str, Any]:
    """Money on its way back, and of how much."""
    return {
        "refundId": str(row.pk),
        "paymentId": str(row.payment_id),
        "providerKey": row.provider,
        "providerRefundId": row.provider_refund_id,
        "status": row.status,
        "currency": row.currency.upper(),
        "amountMinor": row.amount_minor,
        "paymentAmountMinor": row.payment.amount_minor,
        "reason": row.reason,
        "failure": row.failure,
        **_paid_for(row.payment),
    }


def dispute_data(row: Dispute) -> dict[str, Any]:
    """What a bank takes back, and until when it can be answered."""
    return {
        "disputeId": str(row.pk),
        "paymentId": str(row.payment_id),
        "providerKey": row.provider,
        "providerDisputeId": row.provider_dispute_id,
        "status": row.status,
        "currency": row.currency.upper(),
        "amountMinor": row.amount_minor,
        "reason": row.reason,
        **_paid_for(row.payment),
        "evidenceDueAt": moment(row.evidence_due_at),
        "closedAt": moment(row.closed_at),
    }


def credit_note_data(row: CreditNote) -> dict[str, Any]:
    """What an invoice is lessened by, tax included, and what of it is in the wallet."""
    return {
        "creditNoteId": str(row.pk),
        "number": row.number,
        "invoiceId": str(row.invoice_id),
        "invoiceNumber": row.invoice.number,
        "refundId": _id(row.refund_id),
        "status": row.status,
        "currency": row.currency.upper(),
        "totalMinor": row.total_minor,
        "taxMinor": row.tax_minor,
        "walletMinor": row.wallet_minor,
        "reason": row.reason,
        "issuedAt": moment(row.issued_at),
    }


def moment(at: datetime | None) -> str | None:
    """RFC 3339, in UTC."""
    return f"{at:%Y-%m-%dT%H:%M:%S.%fZ}" if at else None


def _id(key: UUID | None) -> str | None:
    return str(key) if key else None
