"""Subscription schedules and their phases."""

from billing.providers.sandbox import identifiers
from billing.providers.sandbox.shapes import Json


def phase(subscription: Json, items: list[Json], *, start: int, end: int, discounts: list[Json] | None = None) -> Json:
    """A stretch of time in which a subscription is for these items."""
    kept = [{"discount": each} for each in subscription["discounts"]] if discounts is None else discounts
    blank = {"coupon": None, "discount": None, "promotion_code": None}
    return {
        "add_invoice_items": [],
        "application_fee_percent": None,
        "billing_cycle_anchor": None,
        "billing_thresholds": None,
        "collection_method": None,
        "currency": subscription["currency"],
        "default_payment_method": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [{**blank, **each} for each in kept],
        "end_date": end,
        "invoice_settings": None,
        "items": [_item(item) for item in items],
        "metadata": {},
        "on_behalf_of": None,
        "proration_behavior": "none",
        "start_date": start,
        "transfer_data": None,
        "trial_end": None,
    }


def _item(item: Json) -> Json:
    return {
        "billing_thresholds": None,
        "discounts": [],
        "metadata": {},
        "plan": item["price"],
        "price": item["price"],
        "quantity": item["quantity"],
        "tax_rates": [],
    }


def schedule(subscription: Json, first: Json, *, at: int) -> Json:
    """A schedule that has taken a subscription over."""
    return {
        "id": identifiers.new("sub_sched"),
        "object": "subscription_schedule",
        "application": None,
        "billing_mode": subscription["billing_mode"],
        "canceled_at": None,
        "completed_at": None,
        "created": at,
        "current_phase": {"end_date": first["end_date"], "start_date": first["start_date"]},
        "customer": subscription["customer"],
        "customer_account": None,
        "default_settings": {
            "application_fee_percent": None,
            "billing_cycle_anchor": "automatic",
            "billing_thresholds": None,
            "collection_method": "charge_automatically",
            "default_payment_method": None,
            "description": None,
            "invoice_settings": {
                "account_tax_ids": None,
                "custom_fields": None,
                "days_until_due": None,
                "description": None,
                "footer": None,
                "issuer": {"type": "self"},
            },
            "on_behalf_of": None,
            "transfer_data": None,
        },
        "end_behavior": "release",
        "livemode": False,
        "metadata": {},
        "phases": [first],
        "released_at": None,
        "released_subscription": None,
        "status": "active",
        "subscription": subscription["id"],
        "test_clock": None,
    }
