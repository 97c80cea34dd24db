"""The JSON of each event that we send, as `webhooks` of the API's description. A test holds what is sent against it."""

from typing import Any

from drf_spectacular.utils import OpenApiWebhook

from billing.services import outbound

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
YES_OR_NO: Schema = {"type": "boolean"}
ID: Schema = {"type": "string", "format": "uuid"}
ID_OR_NONE: Schema = {"type": ["string", "null"], "format": "uuid"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
MOMENT_OR_NONE: Schema = {"type": ["string", "null"], "format": "date-time"}
CURRENCY: Schema = {"type": "string", "description": "ISO 4217."}

PROVIDER: Schema = {"type": "string", "description": "Which payment provider, as `providers` names it."}
SUBSCRIPTION: Schema = {
    "subscriptionId": ID,
    "providerKey": PROVIDER,
    "providerSubscriptionId": TEXT,
    "productCode": TEXT,
    "planCode": TEXT,
    "pricingItemCode": TEXT,
    "status": TEXT,
    "previousStatus": {"type": "string", "description": "Empty where it is new."},
    "quantity": WHOLE,
    "currentPeriodStart": MOMENT,
    "currentPeriodEnd": MOMENT,
    "cancelAtPeriodEnd": YES_OR_NO,
    "canceledAt": MOMENT_OR_NONE,
    "endedAt": MOMENT_OR_NONE,
    "suspendedAt": MOMENT_OR_NONE,
}
PURCHASE: Schema = {
    "purchaseId": ID,
    "kind": {"type": "string", "enum": ["one_off", "subscription"]},
    "productCode": TEXT,
    "planCode": TEXT,
    "pricingItemCode": TEXT,
    "quantity": WHOLE,
    "currency": CURRENCY,
    "amountMinor": WHOLE,
    "subscriptionId": ID_OR_NONE,
    "purchasedAt": MOMENT,
}
CHECKOUT: Schema = {
    "checkoutSessionId": ID,
    "providerKey": PROVIDER,
    "providerCheckoutSessionId": TEXT,
    "purchaseId": ID,
    "subscriptionId": ID_OR_NONE,
    "pricingItemCode": TEXT,
    "quantity": WHOLE,
}
INVOICE: Schema = {
    "invoiceId": ID,
    "number": TEXT,
    "status": TEXT,
    "currency": CURRENCY,
    "subtotalMinor": WHOLE,
    "discountMinor": WHOLE,
    "taxMinor": WHOLE,
    "totalMinor": WHOLE,
    "paidMinor": WHOLE,
    "subscriptionId": ID_OR_NONE,
    "periodStart": MOMENT,
    "periodEnd": MOMENT,
    "issuedAt": MOMENT,
    "paidAt": MOMENT_OR_NONE,
}
PAID_FOR: Schema = {"invoiceId": ID_OR_NONE, "subscriptionId": ID_OR_NONE}
PAYMENT: Schema = {
    "paymentId": ID,
    "providerKey": PROVIDER,
    "providerPaymentId": TEXT,
    "status": {"type": "string", "enum": ["succeeded", "failed"]},
    "currency": CURRENCY,
    "amountMinor": WHOLE,
    "method": {"type": "string", "description": "As people know it: visa 4242."},
    "failure": {"type": "string", "description": "Empty unless it failed."},
    **PAID_FOR,
    "paidAt": MOMENT_OR_NONE,
}
REFUND: Schema = {
    "refundId": ID,
    "paymentId": ID,
    "providerKey": PROVIDER,
    "providerRefundId": TEXT,
    "status": {"type": "string", "enum": ["succeeded", "failed", "canceled"]},
    "currency": CURRENCY,
    "amountMinor": WHOLE,
    "paymentAmountMinor": WHOLE,
    "reason": TEXT,
    "failure": TEXT,
    **PAID_FOR,
}
DISPUTE: Schema = {
    "disputeId": ID,
    "paymentId": ID,
    "providerKey": PROVIDER,
    "providerDisputeId": TEXT,
    "status": {"type": "string", "enum": ["open", "won", "lost"]},
    "currency": CURRENCY,
    "amountMinor": WHOLE,
    "reason": TEXT,
    **PAID_FOR,
    "evidenceDueAt": MOMENT_OR_NONE,
    "closedAt": MOMENT_OR_NONE,
}
CREDIT_NOTE: Schema = {
    "creditNoteId": ID,
    "number": TEXT,
    "invoiceId": ID,
    "invoiceNumber": TEXT,
    "refundId": ID_OR_NONE,
    "status": {"type": "string", "enum": ["issued", "void"]},
    "currency": CURRENCY,
    "totalMinor": {"type": "integer", "description": "Tax included."},
    "taxMinor": WHOLE,
    "walletMinor": {"type": "integer", "description": "What of it is in the customer's wallet."},
    "reason": TEXT,
    "issuedAt": MOMENT,
}
DATA: dict[str, Schema] = {
    outbound.CHECKOUT_COMPLETED: CHECKOUT,
    outbound.PURCHASE_COMPLETED: PURCHASE,
    outbound.SUBSCRIPTION_ACTIVATED: SUBSCRIPTION,
    outbound.SUBSCRIPTION_UPDATED: SUBSCRIPTION,
    outbound.SUBSCRIPTION_PAST_DUE: SUBSCRIPTION,
    outbound.SUBSCRIPTION_CANCELED: SUBSCRIPTION,
    outbound.SUBSCRIPTION_SUSPENDED: SUBSCRIPTION,
    outbound.SUBSCRIPTION_RESTORED: SUBSCRIPTION,
    outbound.INVOICE_FINALIZED: INVOICE,
    outbound.INVOICE_PAID: INVOICE,
    outbound.INVOICE_VOIDED: INVOICE,
    outbound.INVOICE_UNCOLLECTIBLE: INVOICE,
    outbound.PAYMENT_SUCCEEDED: PAYMENT,
    outbound.PAYMENT_FAILED: PAYMENT,
    outbound.PAYMENT_REFUNDED: REFUND,
    outbound.PAYMENT_REFUND_FAILED: REFUND,
    outbound.DISPUTE_OPENED: DISPUTE,
    outbound.DISPUTE_CLOSED: DISPUTE,
    outbound.CREDIT_NOTE_ISSUED: CREDIT_NOTE,
    outbound.CREDIT_NOTE_VOIDED: CREDIT_NOTE,
}
HEADERS = [
    {"in": "header", "name": name, "required": True, "schema": TEXT, "description": text}
    for name, text in (
        ("webhook-id", "The event's id, the same at every try: whoever has seen it does nothing."),
        ("webhook-timestamp", "Seconds since 1970, of this try."),
        ("webhook-signature", "Standard Webhooks: `v1,` and base64 of HMAC-SHA-256; one for each secret in force."),
    )
]
RESPONSES: Schema = {
    "2XX": {"description": "It has arrived. Anything else is tried again, for three days."},
    "410": {"description": "Nothing is wanted here any more: the endpoint is disabled."},
    "429": {"description": "Too much: `Retry-After` is honoured, and everything for this endpoint waits."},
}


def _closed(fields: Schema, *, beside: tuple[str, ...] = ()) -> Schema:
    """An object of exactly these fields; those named may be missing."""
    wanted = [name for name in fields if name not in beside]
    return {"type": "object", "required": wanted, "additionalProperties": False, "properties": fields}


def envelope(event: str) -> Schema:
    """An event as it is sent."""
    fields = {
        "id": ID,
        "type": {"type": "string", "enum": [event]},
        "version": {"type": "integer", "enum": [outbound.VERSION]},
        "timestamp": MOMENT,
        "organizationId": ID,
        "consumerKey": {"type": "string", "description": "To a consumer alone: which one it is."},
        "consumerTenantId": {"type": "string", "description": "To a consumer alone: its own id of its customer."},
        "data": _closed(DATA[event]),
    }
    return _closed(fields, beside=("consumerKey", "consumerTenantId"))


def _described(event: str) -> OpenApiWebhook:
    operation = {
        "operationId": "on" + "".join(word.title() for word in event.replace("_", ".").split(".")),
        "description": f"{outbound.EVENTS[event]}.",
        "tags": ["webhooks"],
        "parameters": HEADERS,
        "requestBody": {"required": True, "content": {"application/json": {"schema": envelope(event)}}},
        "responses": RESPONSES,
    }
    return OpenApiWebhook(name=event, decorator={"post": operation})


WEBHOOKS = [_described(event) for event in outbound.EVENTS]
