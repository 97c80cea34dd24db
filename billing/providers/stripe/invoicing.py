"""Invoices over amounts that we computed ourselves."""

from typing import TYPE_CHECKING, Any, cast

import stripe

from billing.providers.facts import InvoiceFact
from billing.providers.specs import InvoiceSpec
from billing.providers.stripe.customers import is_missing
from billing.providers.stripe.normalize import normalize_invoice, plain

if TYPE_CHECKING:
    from stripe._v1_services import V1Services
    from stripe.params import InvoiceItemCreateParams


def open_invoice(api: "V1Services", spec: InvoiceSpec, *, key: str) -> InvoiceFact:
    """A draft that advances only when it is told to, of this line and nothing that waits for the customer."""
    draft = api.invoices.create(
        {
            "customer": spec.customer_id,
            "currency": spec.currency,
            "auto_advance": False,
            "pending_invoice_items_behavior": "exclude",
            "metadata": dict(spec.metadata),
        },
        {"idempotency_key": key},
    )
    line: dict[str, Any] = {
        "customer": spec.customer_id,
        "invoice": draft.id,
        "amount": spec.amount_minor,
        "currency": spec.currency,
        "description": spec.description,
        "period": {"start": int(spec.period_start.timestamp()), "end": int(spec.period_end.timestamp())},
        "metadata": dict(spec.metadata),
    }
    api.invoice_items.create(cast("InvoiceItemCreateParams", line), {"idempotency_key": f"{key}:line"})
    return normalize_invoice(plain(api.invoices.retrieve(draft.id)))


def drop_item(api: "V1Services", item_id: str) -> None:
    """Take back a line that waits, unless it is gone already."""
    try:
        api.invoice_items.delete(item_id)
    except stripe.InvalidRequestError as error:
        if not is_missing(error):
            raise
