"""Payment intents, charges, and how they settle invoices."""

from billing.providers.sandbox import identifiers
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes.customers import billing_details

# Empty when it is made; most of it stays so, because the sandbox does nothing with it.
INTENT_UNSET = (
    "application",
    "application_fee_amount",
    "automatic_payment_methods",
    "canceled_at",
    "cancellation_reason",
    "customer_account",
    "excluded_payment_method_types",
    "last_payment_error",
    "latest_charge",
    "next_action",
    "on_behalf_of",
    "payment_method",
    "payment_method_configuration_details",
    "processing",
    "receipt_email",
    "review",
    "setup_future_usage",
    "shipping",
    "source",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
)


def payment_intent(  # noqa: PLR0913 - an intent is of all of these
    *,
    amount: int,
    currency: str,
    customer: str | None,
    description: str | None,
    metadata: Json,
    at: int,
    types: list[str] | None = None,
) -> Json:
    """The intent to collect an amount."""
    intent_id = identifiers.new("pi")
    return {
        "id": intent_id,
        "object": "payment_intent",
        **dict.fromkeys(INTENT_UNSET),
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "capture_method": "automatic",
        "client_secret": f"{intent_id}_{identifiers.new('secret', 25)}",
        "confirmation_method": "automatic",
        "created": at,
        "currency": currency,
        "customer": customer,
        "description": description,
        "livemode": False,
        "metadata": metadata,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": types or ["card"],
        "status": "requires_payment_method",
        # When a debit's outcome is known.
        "_settles_at": None,
    }


# Empty when it is made; most of it stays so, because the sandbox does nothing with it.
CHARGE_UNSET = (
    "application",
    "application_fee",
    "application_fee_amount",
    "balance_transaction",
    "failure_balance_transaction",
    "failure_code",
    "failure_message",
    "on_behalf_of",
    "presentment_details",
    "receipt_email",
    "receipt_number",
    "receipt_url",
    "review",
    "shipping",
    "source",
    "source_transfer",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
)


def charge(intent: Json, method: Json, *, payer: Json, at: int) -> Json:
    """One try to collect an intent's amount, as if it had gone well."""
    return {
        "id": identifiers.new("ch"),
        "object": "charge",
        **dict.fromkeys(CHARGE_UNSET),
        "amount": intent["amount"],
        "amount_captured": intent["amount"],
        "amount_refunded": 0,
        "billing_details": billing_details(email=payer["email"], name=payer["name"]),
        "calculated_statement_descriptor": "MAINSTAY SANDBOX",
        "captured": True,
        "created": at,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "outcome": {
            "advice_code": None,
            "network_advice_code": None,
            "network_decline_code": None,
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "risk_score": 12,
            "seller_message": "Payment complete.",
            "type": "authorized",
        },
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {method["type"]: _charged(method, intent["amount"]), "type": method["type"]},
        "radar_options": {},
        "refunded": False,
        "status": "succeeded",
    }


def _charged(method: Json, amount: int) -> Json:
    if method["type"] == "card":
        return _charged_card(method["card"], amount)
    kept = {
        "us_bank_account": (
            "account_holder_type",
            "account_type",
            "bank_name",
            "fingerprint",
            "last4",
            "routing_number",
        ),
        "sepa_debit": ("bank_code", "branch_code", "country", "fingerprint", "last4"),
    }[method["type"]]
    return {"mandate": None, **{name: method[method["type"]][name] for name in kept}}


def _charged_card(card: Json, amount: int) -> Json:
    kept = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "wallet")
    return {
        **{name: card[name] for name in kept},
        "amount_authorized": amount,
        "authorization_code": None,
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": None,
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "regulated_status": "unregulated",
        "three_d_secure": None,
    }


def invoice_payment(invoice: Json, intent: Json, *, at: int) -> Json:
    """The thread from an invoice to the payment intent that collects it."""
    return {
        "id": identifiers.new("inpay"),
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": intent["amount"],
        "created": at,
        "currency": intent["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
        "_payment_intent": intent["id"],
    }
