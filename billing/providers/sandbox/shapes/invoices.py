"""Invoices, their lines, and the items that become lines."""

from typing import TYPE_CHECKING

from billing.providers.sandbox import identifiers
from billing.providers.sandbox.shapes import Json

if TYPE_CHECKING:
    from billing.providers.sandbox.behaviour.pricing import Part

# Empty when it is made; most of it stays so, because the sandbox does nothing with it.
INVOICE_UNSET = (
    "account_tax_ids",
    "application",
    "automatically_finalizes_at",
    "custom_fields",
    "customer_account",
    "default_payment_method",
    "default_source",
    "description",
    "due_date",
    "effective_at",
    "footer",
    "from_invoice",
    "hosted_invoice_url",
    "invoice_pdf",
    "last_finalization_error",
    "latest_revision",
    "next_payment_attempt",
    "number",
    "on_behalf_of",
    "receipt_number",
    "rendering",
    "shipping_cost",
    "shipping_details",
    "statement_descriptor",
    "test_clock",
)


def invoice(
    customer: Json,
    *,
    reason: str,
    currency: str,
    period: tuple[int, int],
    at: int,
    subscription: Json | None = None,
) -> Json:
    """A draft without lines."""
    return {
        "id": identifiers.new("in"),
        "object": "invoice",
        **dict.fromkeys(INVOICE_UNSET),
        "account_country": "US",
        "account_name": "Mainstay sandbox",
        **_amounts(customer["balance"]),
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": False,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "created": at,
        "currency": currency,
        "customer": customer["id"],
        **{f"customer_{name}": customer[name] for name in ("address", "email", "name", "phone", "shipping")},
        "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": [],
        "default_tax_rates": [],
        "discounts": [],
        "issuer": {"type": "self"},
        "livemode": False,
        "metadata": {},
        "parent": _parent(subscription) if subscription else None,
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_start": period[0],
        "period_end": period[1],
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "webhooks_delivered_at": at,
        "_subscription": subscription["id"] if subscription else "",
        "_tax_rates": subscription["_tax_rates"] if subscription else [],
        "_tax_added": 0,
        "_tax_included": 0,
    }


def _amounts(balance: int) -> Json:
    return {
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_paid_off_stripe": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "ending_balance": None,
        "starting_balance": balance,
        "subtotal": 0,
        "subtotal_excluding_tax": 0,
        "total": 0,
        "total_discount_amounts": [],
        "total_excluding_tax": 0,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
    }


def _parent(subscription: Json) -> Json:
    return {
        "quote_details": None,
        "subscription_details": {
            "metadata": subscription["metadata"],
            "subscription": subscription["id"],
        },
        "type": "subscription_details",
    }


def _line(invoice_id: str, source: Json) -> Json:
    return {
        "id": identifiers.new("il"),
        "object": "line_item",
        "amount": source["amount"],
        "currency": source["currency"],
        "description": source["description"],
        "discount_amounts": [],
        "discountable": source["discountable"],
        "discounts": [],
        "invoice": invoice_id,
        "livemode": False,
        "metadata": source["metadata"],
        "parent": source["parent"],
        "period": source["period"],
        "pretax_credit_amounts": [],
        "pricing": source["pricing"],
        "quantity": source["quantity"],
        "quantity_decimal": str(source["quantity"]),
        "subscription": source["subscription"],
        "subtotal": source["amount"],
        "taxes": [],
        "_tax_rates": source.get("_tax_rates") or [],
    }


def pricing(price: Json, unit_amount_decimal: str | None = None) -> Json:
    """Which price an amount comes from."""
    return {
        "price_details": {"price": price["id"], "product": price["product"]},
        "type": "price_details",
        "unit_amount_decimal": unit_amount_decimal or price["unit_amount_decimal"],
    }


def subscription_line(  # noqa: PLR0913 - a line tells of all of these
    invoice_id: str,
    subscription: Json,
    item: Json,
    price: Json,
    part: "Part",
    *,
    period: tuple[int, int],
    description: str,
) -> Json:
    """A line of one subscription item for one period."""
    details = {
        "invoice_item": None,
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": subscription["id"],
        "subscription_item": item["id"],
    }
    return _line(
        invoice_id,
        {
            "amount": part.amount,
            "currency": price["currency"],
            "description": description,
            "discountable": True,
            "metadata": subscription["metadata"],
            "parent": {
                "invoice_item_details": None,
                "subscription_item_details": details,
                "type": "subscription_item_details",
            },
            "period": {"end": period[1], "start": period[0]},
            "pricing": pricing(price, part.unit_amount_decimal),
            "quantity": part.quantity,
            "subscription": subscription["id"],
        },
    )


def item_line(invoice_id: str, item: Json) -> Json:
    """The line that an invoice item becomes."""
    details = {
        "invoice_item": item["id"],
        "proration": item["proration"],
        "proration_details": {"credited_items": None},
        "subscription": item["_subscription"] or None,
    }
    proration_of = item["_subscription_item"]
    kind = "subscription_item_details" if proration_of else "invoice_item_details"
    parent: Json = {"invoice_item_details": None, "subscription_item_details": None, "type": kind}
    parent[kind] = {**details, "subscription_item": proration_of} if proration_of else details
    return _line(invoice_id, {**item, "parent": parent, "subscription": item["_subscription"] or None})


def invoice_item(params: Json, *, customer: str, amount: int, currency: str, priced: Json | None, at: int) -> Json:
    """An amount to be invoiced: a line of the named draft, or pending until the next invoice takes it."""
    quantity = params.get("quantity", 1)
    subscription = params.get("subscription") or ""
    details = {"subscription": subscription, "subscription_item": params.get("subscription_item")}
    return {
        "id": identifiers.new("ii"),
        "object": "invoiceitem",
        "amount": amount,
        "currency": currency,
        "customer": customer,
        "customer_account": None,
        "date": at,
        "description": params.get("description"),
        "discountable": params.get("discountable", amount >= 0),
        "discounts": [],
        "invoice": params.get("invoice"),
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "net_amount": amount,
        "parent": {"subscription_details": details, "type": "subscription_details"} if subscription else None,
        "period": params.get("period") or {"end": at, "start": at},
        "pricing": priced,
        "proration": params.get("proration", False),
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "tax_rates": [],
        "test_clock": None,
        "_subscription": subscription,
        "_subscription_item": params.get("subscription_item") or "",
    }
