"""The account itself, its events and its webhook endpoints."""

from typing import TYPE_CHECKING

from django.conf import settings

from billing.providers.sandbox import identifiers
from billing.providers.sandbox.shapes import Json

if TYPE_CHECKING:
    from billing.providers.sandbox.books import Cause

ACCOUNT_ID = "acct_1MainstaySandbox0"
# The account is older than anything in it.
OPENED_AT = 1_735_689_600


def account() -> Json:
    """The one account of the sandbox."""
    return {
        "id": ACCOUNT_ID,
        "object": "account",
        "business_profile": {
            "annual_revenue": None,
            "estimated_worker_count": None,
            "mcc": "5734",
            "minority_owned_business_designation": None,
            "name": settings.SITE_NAME,
            "product_description": None,
            "support_address": None,
            "support_email": None,
            "support_phone": None,
            "support_url": None,
            "url": settings.BASE_URL,
        },
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "controller": {"type": "account"},
        "country": "US",
        "created": OPENED_AT,
        "default_currency": "usd",
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "settings": {
            "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
            "card_payments": {
                "statement_descriptor_prefix": None,
                "statement_descriptor_prefix_kana": None,
                "statement_descriptor_prefix_kanji": None,
            },
            "dashboard": {"display_name": f"{settings.SITE_NAME} sandbox", "timezone": "Etc/UTC"},
            "payments": {
                "statement_descriptor": None,
                "statement_descriptor_kana": None,
                "statement_descriptor_kanji": None,
                "statement_descriptor_prefix_kana": None,
                "statement_descriptor_prefix_kanji": None,
            },
        },
        "type": "standard",
    }


def event(event_type: str, shown: Json, *, at: int, cause: "Cause") -> Json:
    """An event: what happened, and the object as it was then."""
    return {
        "id": identifiers.new("evt"),
        "object": "event",
        "api_version": settings.STRIPE_API_VERSION,
        "created": at,
        "data": {"object": shown},
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": cause.request_id, "idempotency_key": cause.idempotency_key},
        "type": event_type,
    }


def webhook_endpoint(params: Json, *, at: int) -> Json:
    """An endpoint; its secret is shown when it is made and never again."""
    return {
        "id": identifiers.new("we"),
        "object": "webhook_endpoint",
        "api_version": settings.STRIPE_API_VERSION,
        "application": None,
        "created": at,
        "description": params.get("description"),
        "enabled_events": params["enabled_events"],
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "status": "enabled",
        "url": params["url"],
        "_secret": identifiers.new("whsec", 32),
    }
