"""Stripe's objects in our words: pure functions of plain JSON.

Stripe moves fields between API versions. What is read here is where the pinned version keeps them, with the older
place behind it: a subscription's period on its item, an invoice's subscription under `parent`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import stripe

from billing.providers.facts import (
    CheckoutFact,
    DiscountFact,
    InvoiceFact,
    InvoiceItemFact,
    InvoiceLineFact,
    PendingUpdateFact,
    ScheduleFact,
    SubscriptionFact,
    SubscriptionItemFact,
)

Raw = Mapping[str, Any]
# What a line came from, which tells whether it is a proration.
ORIGINS = ("invoice_item_details", "subscription_item_details")

MUST_CONFIRM = "Your bank wants you to confirm this payment."


def plain(found: stripe.StripeObject) -> dict[str, Any]:
    """Stripe's object as plain JSON."""
    return found.to_dict(for_json=True)


def id_of(value: Any) -> str:
    """The id of a reference, whether Stripe expanded it or not; empty where there is none, or nothing that is an id."""
    found = value.get("id") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) else ""


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
        mode=raw.get("mode") or "subscription",
        payment_id=id_of(raw.get("payment_intent")),
        invoice_id=id_of(raw.get("invoice")),
        currency=raw.get("currency") or "",
        subtotal_minor=raw.get("amount_subtotal") or 0,
        discount_minor=dig(raw, "total_details", "amount_discount") or 0,
        tax_minor=dig(raw, "total_details", "amount_tax") or 0,
        total_minor=raw.get("amount_total") or 0,
        payment_method_id=id_of(dig(raw, "setup_intent", "payment_method")),
        created_at=moment_or_none(raw.get("created")),
        expires_at=moment_or_none(raw.get("expires_at")),
        metadata=texts(raw.get("metadata")),
    )


def normalize_subscription(raw: Raw) -> SubscriptionFact:
    """A subscription; what it is for first of all is its first item."""
    items = tuple(_subscription_item(item, raw) for item in raw["items"]["data"])
    first, pause = items[0], raw.get("pause_collection")
    return SubscriptionFact(
        id=raw["id"],
        customer_id=id_of(raw["customer"]),
        status=raw["status"],
        price_id=first.price_id,
        quantity=first.quantity,
        period_start=first.period_start,
        period_end=first.period_end,
        cancel_at_period_end=raw["cancel_at_period_end"],
        canceled_at=moment_or_none(raw.get("canceled_at")),
        ended_at=moment_or_none(raw.get("ended_at")),
        metadata=texts(raw.get("metadata")),
        items=items,
        trial_start=moment_or_none(raw.get("trial_start")),
        trial_end=moment_or_none(raw.get("trial_end")),
        pause=dig(pause, "behavior") or "",
        resumes_at=moment_or_none(dig(pause, "resumes_at")),
        discounts=tuple(normalize_discount(each) for each in raw.get("discounts") or () if isinstance(each, Mapping)),
        payment_method_id=id_of(raw.get("default_payment_method")),
        latest_invoice_id=id_of(raw.get("latest_invoice")),
        schedule_id=id_of(raw.get("schedule")),
        pending_update=_pending_update(raw),
        currency=raw.get("currency") or "",
        created_at=moment_or_none(raw.get("created")),
    )


def _pending_update(raw: Raw) -> PendingUpdateFact | None:
    """The invoice that it waits for is the latest."""
    update = raw.get("pending_update")
    if not update:
        return None
    return PendingUpdateFact(id_of(raw.get("latest_invoice")), moment(update["expires_at"]))


def _subscription_item(item: Raw, subscription: Raw) -> SubscriptionItemFact:
    period = item if item.get("current_period_start") else subscription
    return SubscriptionItemFact(
        id=item.get("id") or "",
        price_id=id_of(item["price"]),
        quantity=item.get("quantity") or 1,
        period_start=moment(period["current_period_start"]),
        period_end=moment(period["current_period_end"]),
        metadata=texts(item.get("metadata")),
    )


def normalize_discount(raw: Raw) -> DiscountFact:
    """A coupon at work, as far as Stripe was asked to show it."""
    return DiscountFact(
        id=raw["id"],
        coupon_id=id_of(dig(raw, "source", "coupon") or raw.get("coupon")),
        promotion_code_id=id_of(raw.get("promotion_code")),
        started_at=moment(raw["start"]),
        ends_at=moment_or_none(raw.get("end")),
    )


def normalize_schedule(raw: Raw) -> ScheduleFact:
    """A schedule, and the phase after the present one, if there is one."""
    ends = dig(raw, "current_phase", "end_date")
    coming = [phase for phase in raw["phases"] if ends is not None and phase["start_date"] >= ends]
    first: Raw = coming[0] if coming and raw["status"] in ("not_started", "active") else {}
    items: list[Raw] = first["items"] if first else []
    item: Raw = items[0] if items else {}
    return ScheduleFact(
        id=raw["id"],
        subscription_id=id_of(raw.get("subscription") or raw.get("released_subscription")),
        status=raw["status"],
        price_id=id_of(item.get("price")),
        quantity=item.get("quantity") or 0,
        takes_effect_at=moment_or_none(first.get("start_date")),
        items={id_of(each["price"]): each.get("quantity") or 1 for each in items},
    )


def normalize_line(raw: Raw) -> InvoiceLineFact:
    """One line of an invoice."""
    return InvoiceLineFact(
        id=raw["id"],
        description=raw.get("description") or "",
        amount_minor=raw["amount"],
        quantity=1 if raw.get("quantity") is None else raw["quantity"],
        period_start=moment(raw["period"]["start"]),
        period_end=moment(raw["period"]["end"]),
        price_id=id_of(dig(raw, "pricing", "price_details", "price") or raw.get("price")),
        metadata=texts(raw.get("metadata")),
        discount_minor=sum(each["amount"] for each in raw.get("discount_amounts") or ()),
        tax_minor=sum(tax["amount"] for tax in raw.get("taxes") or ()),
        is_proration=any(bool(dig(raw, "parent", part, "proration")) for part in ORIGINS),
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
        discount_minor=sum(each["amount"] for each in raw.get("total_discount_amounts") or ()),
        due_minor=raw.get("amount_due") or 0,
        remaining_minor=raw.get("amount_remaining") or 0,
        credited_before_minor=raw.get("pre_payment_credit_notes_amount") or 0,
        credited_after_minor=raw.get("post_payment_credit_notes_amount") or 0,
        starting_balance_minor=raw.get("starting_balance") or 0,
        ending_balance_minor=raw.get("ending_balance"),
        attempt_count=raw.get("attempt_count") or 0,
        next_attempt_at=moment_or_none(raw.get("next_payment_attempt")),
        metadata=texts(raw.get("metadata")),
    )


def subscription_of(invoice: Raw) -> str:
    """The subscription an invoice is for. One that we made ourselves after a subscription's end says so in metadata."""
    parent = dig(invoice, "parent", "subscription_details", "subscription")
    return id_of(parent or invoice.get("subscription") or dig(invoice, "metadata", "subscription"))


def _failure(intent: Any) -> str:
    """A bank that asks its customer has not paid, though Stripe calls that no error."""
    if dig(intent, "status") == "requires_action":
        return MUST_CONFIRM
    return dig(intent, "last_payment_error", "message") or ""


def payment_error(invoice: Raw) -> str:
    """Why the last attempt to charge failed, in the words meant for the customer; empty once it is paid."""
    if invoice["status"] == "paid":
        return ""
    attempts = dig(invoice, "payments", "data") or ()
    told = [failure for attempt in attempts if (failure := _failure(dig(attempt, "payment", "payment_intent")))]
    return told[-1] if told else dig(invoice, "last_finalization_error", "message") or ""
