"""Hosted checkouts."""

from django.conf import settings

from billing.providers.sandbox import identifiers
from billing.providers.sandbox.shapes import Json

# Empty when it is made; most of it stays so, because the sandbox does nothing with it.
SESSION_UNSET = (
    "after_expiration",
    "client_secret",
    "collected_information",
    "consent",
    "consent_collection",
    "currency_conversion",
    "customer_account",
    "customer_details",
    "invoice",
    "origin_context",
    "payment_intent",
    "payment_link",
    "payment_method_configuration_details",
    "permissions",
    "presentment_details",
    "recovered_from",
    "saved_payment_method_options",
    "setup_intent",
    "shipping_address_collection",
    "shipping_cost",
    "submit_type",
    "subscription",
    "wallet_options",
)


def _blank_session() -> Json:
    """What is the same of every checkout."""
    return {
        **dict.fromkeys(SESSION_UNSET),
        "adaptive_pricing": {"enabled": False},
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "livemode": False,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
    }


def session(params: Json, line_items: list[Json], *, currency: str | None, expires_at: int, at: int) -> Json:
    """A checkout that waits for its customer; its totals are the till's."""
    session_id = identifiers.new("cs_test", 58)
    subscribes, pays = params["mode"] == "subscription", params["mode"] == "payment"
    creation = params.get("customer_creation", "if_required") if pays and not params.get("customer") else None
    return {
        "id": session_id,
        "object": "checkout.session",
        **_blank_session(),
        "allow_promotion_codes": params.get("allow_promotion_codes"),
        "amount_subtotal": None,
        "amount_total": None,
        "billing_address_collection": params.get("billing_address_collection"),
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "created": at,
        "currency": currency,
        "customer": params.get("customer"),
        "customer_creation": creation,
        "customer_email": params.get("customer_email"),
        "expires_at": expires_at,
        "discounts": [{"coupon": None, "promotion_code": None, **each} for each in params.get("discounts") or []],
        "invoice_creation": _invoice_creation(params.get("invoice_creation") or {}) if pays else None,
        "locale": params.get("locale"),
        "metadata": params.get("metadata") or {},
        "mode": params["mode"],
        "payment_method_collection": "always" if subscribes else "if_required",
        "payment_method_types": params.get("payment_method_types") or ["card"],
        "success_url": params["success_url"],
        "url": f"{settings.BASE_URL}/sandbox/checkout/{session_id}",
        "_line_items": line_items,
        "_subscription_data": params.get("subscription_data") or {},
        "_payment_intent_data": params.get("payment_intent_data") or {},
        # Why the last card was refused, for the page that asks for another.
        "_refusal": "",
        # Whose confirmation by the cardholder is awaited.
        "_waiting": None,
    }


def _invoice_creation(params: Json) -> Json:
    data = {**_invoice_data(), "metadata": (params.get("invoice_data") or {}).get("metadata") or {}}
    return {"enabled": params.get("enabled", False), "invoice_data": data}


def _invoice_data() -> Json:
    return {
        "account_tax_ids": None,
        "custom_fields": None,
        "description": None,
        "footer": None,
        "issuer": None,
        "metadata": {},
        "rendering_options": None,
    }


def line_item(price: Json, description: str, quantity: int) -> Json:
    """One line of a checkout; the price is held by id, and what it comes to is the till's."""
    return {
        "id": identifiers.new("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": 0,
        "amount_tax": 0,
        "amount_total": 0,
        "currency": price["currency"],
        "description": description,
        "metadata": {},
        "price": price["id"],
        "quantity": quantity,
    }
