"""Stripe's payments, refunds, disputes, credit notes and payment methods in our words: pure functions of plain JSON."""

from typing import Any

from billing.providers.facts import (
    CreditNoteFact,
    CustomerFact,
    DisputeFact,
    PaymentFact,
    PaymentMethodFact,
    RefundFact,
)
from billing.providers.stripe.normalize import Raw, dig, id_of, moment, moment_or_none, texts

# What Stripe calls debits of a bank account, by where the account is.
BANK_DEBITS = ("us_bank_account", "sepa_debit", "bacs_debit", "au_becs_debit", "acss_debit")
STATUSES = {
    "requires_action": "requires_action",
    "requires_confirmation": "pending",
    "requires_capture": "processing",
    "processing": "processing",
    "succeeded": "succeeded",
    "canceled": "canceled",
}
SETTLED_DISPUTES = ("won", "lost", "warning_closed", "prevented")


def normalize_payment_method(raw: Raw, *, default: str = "") -> PaymentMethodFact:
    """A card or a bank account. `default` is the id of the customer's default."""
    kind = raw["type"]
    details = raw.get(kind) or {}
    return PaymentMethodFact(
        id=raw["id"],
        kind="bank_debit" if kind in BANK_DEBITS else kind,
        brand=_brand(details),
        last4=details.get("last4") or "",
        exp_month=details.get("exp_month") or 0,
        exp_year=details.get("exp_year") or 0,
        is_default=bool(default) and raw["id"] == default,
        customer_id=id_of(raw.get("customer")),
    )


def _brand(details: Raw) -> str:
    return str(details.get("brand") or details.get("bank_name") or details.get("bank_code") or "")


def normalize_customer(raw: Raw) -> CustomerFact:
    """A customer; of a deleted one Stripe tells nothing but that."""
    return CustomerFact(
        id=raw["id"],
        email=raw.get("email") or "",
        name=raw.get("name") or "",
        balance_minor=raw.get("balance") or 0,
        currency=raw.get("currency") or "",
        default_payment_method_id=default_method_of(raw),
        is_delinquent=bool(raw.get("delinquent")),
        is_deleted=bool(raw.get("deleted")),
        metadata=texts(raw.get("metadata")),
    )


def default_method_of(customer: Raw | None) -> str:
    """The id of what a customer is charged by."""
    return id_of(dig(customer, "invoice_settings", "default_payment_method"))


def normalize_payment(raw: Raw, *, invoice_id: str = "", default: str = "") -> PaymentFact:
    """A payment intent, with its latest charge where that was expanded. Which invoice it is for, Stripe tells apart."""
    charge = raw["latest_charge"] if isinstance(raw.get("latest_charge"), dict) else {}
    error = raw.get("last_payment_error") or {}
    status = _status(raw, charge)
    method = _method_of(raw)
    return PaymentFact(
        id=raw["id"],
        charge_id=id_of(raw.get("latest_charge")),
        status=status,
        amount_minor=raw["amount"],
        currency=raw["currency"],
        received_minor=raw.get("amount_received") or 0,
        refunded_minor=charge.get("amount_refunded") or 0,
        fee_minor=_fee(charge),
        is_disputed=bool(charge.get("disputed")),
        customer_id=id_of(raw.get("customer")),
        invoice_id=invoice_id,
        method=normalize_payment_method(method, default=default) if method else None,
        failure_code=error.get("decline_code") or error.get("code") or "" if status == "failed" else "",
        failure=error.get("message") or "" if status == "failed" else "",
        description=raw.get("description") or "",
        created_at=moment(raw["created"]),
        paid_at=moment_or_none(charge.get("created") if status == "succeeded" else None),
        metadata=texts(raw.get("metadata")),
    )


def _status(raw: Raw, charge: Raw) -> str:
    """Stripe waits for another payment method both before the first try and after a failed one."""
    waits = "failed" if raw.get("last_payment_error") or charge.get("status") == "failed" else "pending"
    return STATUSES.get(raw["status"], waits)


def _method_of(raw: Raw) -> Raw | None:
    """What was, or is being, paid with; after a failure Stripe tells of it only with the failure."""
    found: Any = raw.get("payment_method") or dig(raw, "last_payment_error", "payment_method")
    return found if isinstance(found, dict) else None


def _fee(charge: Raw) -> int:
    transaction = charge.get("balance_transaction")
    return int(transaction["fee"]) if isinstance(transaction, dict) else 0


def normalize_refund(raw: Raw) -> RefundFact:
    """Money on its way back."""
    return RefundFact(
        id=raw["id"],
        payment_id=id_of(raw.get("payment_intent")),
        charge_id=id_of(raw.get("charge")),
        status=raw.get("status") or "pending",
        amount_minor=raw["amount"],
        currency=raw["currency"],
        reason=raw.get("reason") or "",
        failure=raw.get("failure_reason") or "",
        created_at=moment(raw["created"]),
        metadata=texts(raw.get("metadata")),
    )


def normalize_dispute(raw: Raw) -> DisputeFact:
    """A payment that the customer's bank takes back; its balance transactions tell what it cost so far."""
    transactions = [each for each in raw.get("balance_transactions") or () if isinstance(each, dict)]
    return DisputeFact(
        id=raw["id"],
        payment_id=id_of(raw.get("payment_intent")),
        charge_id=id_of(raw.get("charge")),
        status=raw["status"],
        amount_minor=raw["amount"],
        currency=raw["currency"],
        reason=raw.get("reason") or "",
        fee_minor=sum(each["fee"] for each in transactions),
        withdrawn_minor=-sum(each["net"] for each in transactions),
        is_open=raw["status"] not in SETTLED_DISPUTES,
        created_at=moment(raw["created"]),
        answer_by=moment_or_none(dig(raw, "evidence_details", "due_by")),
    )


def normalize_credit_note(raw: Raw) -> CreditNoteFact:
    """What an invoice was lowered by."""
    refunds = raw.get("refunds") or ()
    refunded = sum(each["amount_refunded"] for each in refunds)
    return CreditNoteFact(
        id=raw["id"],
        number=raw.get("number") or "",
        invoice_id=id_of(raw["invoice"]),
        customer_id=id_of(raw["customer"]),
        status=raw["status"],
        kind=raw["type"],
        currency=raw["currency"],
        subtotal_minor=raw["subtotal"],
        tax_minor=sum(tax["amount"] for tax in raw.get("total_taxes") or ()),
        total_minor=raw["total"],
        refunded_minor=refunded,
        credited_minor=raw["post_payment_amount"] - refunded - (raw.get("out_of_band_amount") or 0),
        refund_ids=tuple(id_of(each.get("refund")) for each in refunds),
        reason=raw.get("reason") or "",
        memo=raw.get("memo") or "",
        created_at=moment(raw["created"]),
        metadata=texts(raw.get("metadata")),
    )
