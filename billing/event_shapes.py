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

SUBSCRIPTION: Schema = {
    "subscriptionId": ID,
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
    "taxMinor": WHOLE,
    "totalMinor": WHOLE,
    "paidMinor": WHOLE,
    "subscriptionId": ID_OR_NONE,
    "periodStart": MOMENT,
    "periodEnd": MOMENT,
    "issuedAt": MOMENT,
    "paidAt": MOMENT_OR_NONE,
}
DATA: dict[str, Schema] = {
    outbound.CHECKOUT_COMPLETED: CHECKOUT,
    outbound.PURCHASE_COMPLETED: PURCHASE,
    outbound.SUBSCRIPTION_ACTIVATED: SUBSCRIPTION,
    outbound.SUBSCRIPTION_UPDATED: SUBSCRIPTION,
    outbound.SUBSCRIPTION_PAST_DUE: SUBSCRIPTION,
    outbound.SUBSCRIPTION_CANCELED: SUBSCRIPTION,
    outbound.INVOICE_FINALIZED: INVOICE,
    outbound.INVOICE_PAID: INVOICE,
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
    consumer = _closed({"key": TEXT, "tenantId": {"type": "string", "description": "The consumer's own id."}})
    fields = {
        "id": ID,
        "type": {"type": "string", "enum": [event]},
        "version": {"type": "integer", "enum": [outbound.VERSION]},
        "timestamp": MOMENT,
        "organizationId": ID,
        "consumer": consumer,
        "data": _closed(DATA[event]),
    }
    return _closed(fields, beside=("consumer",))


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
