"""What moved on the account's balance, and money that goes back: refunds and disputes."""

from billing.providers.sandbox import identifiers
from billing.providers.sandbox.shapes import Json

AVAILABLE_AFTER = 2 * 86_400


def balance_transaction(kind: str, source: Json, *, amount: int, fee: int, fee_name: str, at: int) -> Json:
    """One movement. What reaches the balance is the amount less the fee."""
    return {
        "id": identifiers.new("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": at + AVAILABLE_AFTER,
        "balance_type": "payments",
        "created": at,
        "currency": source["currency"],
        "description": source.get("description"),
        "exchange_rate": None,
        "fee": fee,
        "fee_details": _fee_details(fee, source["currency"], fee_name),
        "net": amount - fee,
        "reporting_category": {"adjustment": "dispute", "refund_failure": "refund_failure"}.get(kind, kind),
        "source": source["id"],
        "status": "pending",
        "type": kind,
    }


def _fee_details(fee: int, currency: str, name: str) -> list[Json]:
    detail = {"amount": fee, "application": None, "currency": currency, "description": name, "type": "stripe_fee"}
    return [detail] if fee else []


def refund(charge: Json, amount: int, params: Json, *, at: int) -> Json:
    """Money on its way back to the payer."""
    kind = charge["payment_method_details"]["type"]
    card = {"reference": None, "reference_status": "pending", "reference_type": None, "type": "refund"}
    return {
        "id": identifiers.new("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": at,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": {"card": card, "type": "card"} if kind == "card" else {"type": kind},
        "metadata": params.get("metadata") or {},
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


EVIDENCE = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)


def dispute(charge: Json, reason: str, *, answer_by: int, at: int) -> Json:
    """The payer's bank takes a charge back."""
    brand = (charge["payment_method_details"].get("card") or {}).get("brand", "visa")
    card = {"brand": brand, "case_type": "chargeback", "network": brand, "network_reason_code": "10.4"}
    return {
        "id": identifiers.new("du"),
        "object": "dispute",
        "amount": charge["amount"] - charge["amount_refunded"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": at,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": answer_by,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": "10.4",
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"card": card, "type": "card"},
        "reason": reason,
        "status": "needs_response",
        "_customer": charge["customer"] or "",
    }


SETUP_UNSET = (
    "application",
    "automatic_payment_methods",
    "cancellation_reason",
    "customer_account",
    "description",
    "excluded_payment_method_types",
    "flow_directions",
    "last_setup_error",
    "latest_attempt",
    "mandate",
    "next_action",
    "on_behalf_of",
    "payment_method",
    "payment_method_configuration_details",
    "single_use_mandate",
)


def setup_intent(*, customer: str | None, types: list[str], metadata: Json, at: int) -> Json:
    """The intent to save how somebody pays, charging nothing."""
    intent_id = identifiers.new("seti")
    return {
        "id": intent_id,
        "object": "setup_intent",
        **dict.fromkeys(SETUP_UNSET),
        "client_secret": f"{intent_id}_{identifiers.new('secret', 25)}",
        "created": at,
        "customer": customer,
        "livemode": False,
        "metadata": metadata,
        "payment_method_options": {"card": {"mandate_options": None, "network": None}},
        "payment_method_types": types,
        "status": "requires_payment_method",
        "usage": "off_session",
    }
