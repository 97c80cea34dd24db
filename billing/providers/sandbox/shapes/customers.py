"""Customers and their cards."""

from billing.providers.sandbox import identifiers
from billing.providers.sandbox.shapes import Json

INVOICE_PREFIX_LENGTH = 8


def customer(params: Json, *, at: int) -> Json:
    """A customer. Balance: negative is credit that the next invoices use up."""
    return {
        "id": identifiers.new("cus", 14),
        "object": "customer",
        "address": params.get("address"),
        "balance": params.get("balance", 0),
        "created": at,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": params.get("description"),
        "discount": None,
        "email": params.get("email"),
        "invoice_prefix": identifiers.new("", INVOICE_PREFIX_LENGTH).lstrip("_").upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": params.get("invoice_settings", {}).get("default_payment_method"),
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "name": params.get("name"),
        "next_invoice_sequence": 1,
        "phone": params.get("phone"),
        "preferred_locales": params.get("preferred_locales", []),
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def card(number: str, brand: str, fingerprint: str, *, exp_month: int, exp_year: int) -> Json:
    """A card as it is shown. The number itself is never stored; its fingerprint tells two cards apart."""
    return {
        "brand": brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "display_brand": brand,
        "exp_month": exp_month,
        "exp_year": exp_year,
        "fingerprint": fingerprint,
        "funding": "credit",
        "generated_from": None,
        "last4": number[-4:],
        "networks": {"available": [brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def bank_account(kind: str, number: str, fingerprint: str) -> Json:
    """A bank account as it is shown; like a card's, its number is never stored."""
    if kind == "sepa_debit":
        return {
            "bank_code": "37040044",
            "branch_code": None,
            "country": number[:2],
            "fingerprint": fingerprint,
            "generated_from": None,
            "last4": number[-4:],
        }
    return {
        "account_holder_type": "company",
        "account_type": "checking",
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": None,
        "fingerprint": fingerprint,
        "last4": number[-4:],
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": "110000000",
        "status_details": None,
    }


def payment_method(
    shown: Json, *, email: str | None, name: str | None, metadata: Json, at: int, kind: str = "card"
) -> Json:
    """A way to pay, not yet anybody's."""
    return {
        "id": identifiers.new("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": billing_details(email=email, name=name),
        kind: shown,
        "created": at,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": metadata,
        "type": kind,
        # Whether its owner has confirmed a payment with it: some cards ask only once.
        "_confirmed": False,
    }


def billing_details(*, email: str | None, name: str | None) -> Json:
    """Whose card it is."""
    address = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}
    return {"address": address, "email": email, "name": name, "phone": None, "tax_id": None}
