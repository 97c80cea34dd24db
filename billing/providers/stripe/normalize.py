"""Stripe's objects in our words: pure functions of plain JSON.

Stripe moves fields between API versions. What is read here is where the pinned version keeps them, with the older
place behind it: a subscription's period on its item, an invoice's subscription under `parent`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from billing.providers.protocol import (
    CheckoutFact,
    InvoiceFact,
    InvoiceItemFact,
    InvoiceLineFact,
    SubscriptionFact,
)

Raw = Mapping[str, Any]


def id_of(value: Any) -> str:
    """The id of a reference, whether Stripe expanded it or not; empty where there is none."""
    return str(value["id"]) if isinstance(value, Mapping) else value or ""


def moment(seconds: int) -> datetime:
    """Stripe's seconds as aware UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def moment_or_none(seconds: int | None) -> datetime | None:
    """The same where Stripe may leave it out."""
    return None if seconds is None else moment(seconds)


def dig(raw: Raw | None, *path: str) -> Any:
    """A nested value, or None as soon as a step is missing or null."""
    value: Any = raw
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def texts(raw: Raw | None) -> dict[str, str]:
    """Metadata as a dictionary of text."""
    return {str(name): str(value) for name, value in (raw or {}).items()}


def normalize_checkout(raw: Raw) -> CheckoutFact:
    """A checkout session. Our reference is in its metadata: a payment link lets buyers set `client_reference_id`."""
    return CheckoutFact(
        id=raw["id"],
        status=raw["status"],
        payment_status=raw["payment_status"],
        url=raw.get("url") or "",
        email=dig(raw, "customer_details", "email") or raw.get("customer_email") or "",
        customer_id=id_of(raw.get("customer")),
        subscription_id=id_of(raw.get("subscription")),
        reference=texts(raw.get("metadata")).get("checkout", ""),
    )


def normalize_subscription(raw: Raw) -> SubscriptionFact:
    """A subscription and its one item."""
    item = raw["items"]["data"][0]
    period = item if item.get("current_period_start") else raw
    return SubscriptionFact(
        id=raw["id"],
        customer_id=id_of(raw["customer"]),
        status=raw["status"],
        price_id=id_of(item["price"]),
        quantity=item.get("quantity") or 1,
        period_start=moment(period["current_period_start"]),
        period_end=moment(period["current_period_end"]),
        cancel_at_period_end=raw["cancel_at_period_end"],
        canceled_at=moment_or_none(raw.get("canceled_at")),
        ended_at=moment_or_none(raw.get("ended_at")),
        metadata=texts(raw.get("metadata")),
    )


def normalize_line(raw: Raw) -> InvoiceLineFact:
    """One line of an invoice."""
    return InvoiceLineFact(
        id=raw["id"],
        description=raw.get("description") or "",
        amount_minor=raw["amount"],
        quantity=raw.get("quantity") or 1,
        period_start=moment(raw["period"]["start"]),
        period_end=moment(raw["period"]["end"]),
        price_id=id_of(dig(raw, "pricing", "price_details", "price") or raw.get("price")),
        metadata=texts(raw.get("metadata")),
    )


def normalize_item(raw: Raw) -> InvoiceItemFact:
    """An added line."""
    return InvoiceItemFact(id=raw["id"], invoice_id=id_of(raw.get("invoice")), metadata=texts(raw.get("metadata")))


def normalize_invoice(raw: Raw) -> InvoiceFact:
    """An invoice with all of its lines."""
    return InvoiceFact(
        id=raw["id"],
        number=raw.get("number") or "",
        status=raw["status"],
        billing_reason=raw.get("billing_reason") or "",
        customer_id=id_of(raw["customer"]),
        subscription_id=subscription_of(raw),
        currency=raw["currency"],
        subtotal_minor=raw["subtotal"],
        tax_minor=sum(tax["amount"] for tax in raw.get("total_taxes") or ()),
        total_minor=raw["total"],
        paid_minor=raw["amount_paid"],
        period_start=moment(raw["period_start"]),
        period_end=moment(raw["period_end"]),
        created_at=moment(raw["created"]),
        finalized_at=moment_or_none(dig(raw, "status_transitions", "finalized_at")),
        paid_at=moment_or_none(dig(raw, "status_transitions", "paid_at")),
        payment_error=payment_error(raw),
        payment_url=raw.get("hosted_invoice_url") or "",
        lines=tuple(normalize_line(line) for line in raw["lines"]["data"]),
    )


def subscription_of(invoice: Raw) -> str:
    """The subscription an invoice is for. One that we made ourselves after a subscription's end says so in metadata."""
    parent = dig(invoice, "parent", "subscription_details", "subscription")
    return id_of(parent or invoice.get("subscription") or dig(invoice, "metadata", "subscription"))


def payment_error(invoice: Raw) -> str:
    """Why the last attempt to charge failed, in the words meant for the customer; empty once it is paid."""
    if invoice["status"] == "paid":
        return ""
    attempts = dig(invoice, "payments", "data") or ()
    failures = [dig(attempt, "payment", "payment_intent", "last_payment_error", "message") for attempt in attempts]
    told = [failure for failure in failures if failure]
    return told[-1] if told else dig(invoice, "last_finalization_error", "message") or ""
