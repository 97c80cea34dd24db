"""Credit notes, and the entries of a customer's balance."""

from billing.providers.sandbox import identifiers
from billing.providers.sandbox.shapes import Json


def _blank_note() -> Json:
    """What is the same of every new credit note."""
    return {
        **dict.fromkeys(("customer_account", "customer_balance_transaction", "shipping_cost", "voided_at")),
        **dict.fromkeys(("amount_shipping", "discount_amount", "post_payment_amount", "pre_payment_amount"), 0),
        "discount_amounts": [],
        "livemode": False,
        "pretax_credit_amounts": [],
        "refunds": [],
    }


def _totals(amount: int, net: int, taxes: list[Json]) -> Json:
    included = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "inclusive")
    return {
        "subtotal": net,
        "subtotal_excluding_tax": net - included,
        "total": amount,
        "total_excluding_tax": net - included,
        "total_taxes": taxes,
    }


def credit_note(invoice: Json, amount: int, taxes: list[Json], params: Json, *, number: str, at: int) -> Json:
    """A credit note of one line."""
    note_id = identifiers.new("cn")
    net = amount - sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")
    return {
        "id": note_id,
        "object": "credit_note",
        **_blank_note(),
        "amount": amount,
        "created": at,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "effective_at": at,
        "invoice": invoice["id"],
        "memo": params.get("memo"),
        "metadata": params.get("metadata") or {},
        "number": number,
        "out_of_band_amount": params.get("out_of_band_amount"),
        "pdf": invoice["hosted_invoice_url"] or "",
        "reason": params.get("reason"),
        "status": "issued",
        **_totals(amount, net, taxes),
        "type": "post_payment",
        "_lines": [_line(net, taxes, params.get("memo"))],
    }


def _line(amount: int, taxes: list[Json], memo: str | None) -> Json:
    return {
        "id": identifiers.new("cnli"),
        "object": "credit_note_line_item",
        "amount": amount,
        "description": memo or "Credit",
        "discount_amount": 0,
        "discount_amounts": [],
        "invoice_line_item": None,
        "livemode": False,
        "metadata": {},
        "pretax_credit_amounts": [],
        "quantity": 1,
        "tax_rates": [],
        "taxes": taxes,
        "type": "custom_line_item",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }


def balance_entry(customer: Json, kind: str, amount: int, *, at: int, **told: Json | str | None) -> Json:
    """Why a customer's balance changed."""
    return {
        "id": identifiers.new("cbtxn"),
        "object": "customer_balance_transaction",
        "amount": amount,
        "checkout_session": None,
        "created": at,
        "credit_note": None,
        "currency": customer["currency"],
        "customer": customer["id"],
        "customer_account": None,
        "description": None,
        "ending_balance": customer["balance"],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "type": kind,
        **told,
    }
