"""Subscriptions and their items."""

from billing.providers.sandbox import identifiers
from billing.providers.sandbox.shapes import Json

# Empty when it is made; most of it stays so, because the sandbox does nothing with it.
SUBSCRIPTION_UNSET = (
    "application",
    "application_fee_percent",
    "billing_cycle_anchor_config",
    "billing_thresholds",
    "cancel_at",
    "canceled_at",
    "customer_account",
    "days_until_due",
    "default_source",
    "ended_at",
    "latest_invoice",
    "next_pending_invoice_item_invoice",
    "on_behalf_of",
    "pause_collection",
    "pending_invoice_item_interval",
    "pending_setup_intent",
    "pending_update",
    "schedule",
    "test_clock",
    "transfer_data",
    "trial_end",
    "trial_start",
)


def _blank_subscription() -> Json:
    """What is the same of every new subscription."""
    return {
        **dict.fromkeys(SUBSCRIPTION_UNSET),
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_schedules": [],
        "cancel_at_period_end": False,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "default_tax_rates": [],
        "discounts": [],
        "invoice_settings": {
            "account_tax_ids": None,
            "custom_fields": None,
            "description": None,
            "footer": None,
            "issuer": {"type": "self"},
        },
        "livemode": False,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "status": "incomplete",
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        # What it will be, and with the payment of which invoice.
        "_pending": None,
        # Whether its end was told of.
        "_trial_told": False,
    }


def subscription(params: Json, *, customer: str, currency: str, period: tuple[int, int]) -> Json:
    """A subscription whose first invoice is not paid yet."""
    start, end = period
    return {
        "id": identifiers.new("sub"),
        "object": "subscription",
        **_blank_subscription(),
        "billing_cycle_anchor": start,
        "billing_mode": {
            "flexible": {"proration_discounts": "included"},
            "type": "flexible",
            "updated_at": start,
        },
        "created": start,
        "currency": currency,
        "customer": customer,
        "default_payment_method": params.get("default_payment_method"),
        "description": params.get("description"),
        "metadata": params.get("metadata") or {},
        "start_date": start,
        **({"trial_settings": params["trial_settings"]} if params.get("trial_settings") else {}),
        "_tax_rates": params.get("default_tax_rates") or [],
        # All items renew together; the period is shown on the items.
        "_period_start": start,
        "_period_end": end,
    }


def subscription_item(subscription: Json, price: Json, params: Json, *, at: int) -> Json:
    """One price within a subscription."""
    return {
        "id": identifiers.new("si", 14),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": at,
        "current_period_end": subscription["_period_end"],
        "current_period_start": subscription["_period_start"],
        "discounts": [],
        "metadata": params.get("metadata") or {},
        "price": price["id"],
        "quantity": params.get("quantity", 1),
        "subscription": subscription["id"],
        "tax_rates": [],
    }
