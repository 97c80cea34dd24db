"""Refunds and credit notes at Stripe."""

from typing import TYPE_CHECKING, Any, cast

from billing.providers.facts import CreditNoteFact, RefundFact
from billing.providers.specs import CreditNoteSpec, RefundSpec
from billing.providers.stripe.normalize import plain
from billing.providers.stripe.normalize_money import normalize_credit_note, normalize_refund

if TYPE_CHECKING:
    from stripe._v1_services import V1Services
    from stripe.params import CreditNoteCreateParams, RefundCreateParams


def refund(api: "V1Services", spec: RefundSpec, *, key: str) -> RefundFact:
    """All that is left of a payment, or so much of it."""
    params: dict[str, Any] = {
        "payment_intent": spec.payment_id,
        "metadata": dict(spec.metadata),
        **({} if spec.amount_minor is None else {"amount": spec.amount_minor}),
        **({"reason": spec.reason} if spec.reason else {}),
    }
    made = api.refunds.create(cast("RefundCreateParams", params), {"idempotency_key": key})
    return normalize_refund(plain(made))


def credit(api: "V1Services", spec: CreditNoteSpec, *, key: str) -> CreditNoteFact:
    """A credit note of one amount; Stripe sends the refund that belongs to it."""
    params: dict[str, Any] = {
        "invoice": spec.invoice_id,
        "amount": spec.amount_minor,
        "metadata": dict(spec.metadata),
        **({"refund_amount": spec.refund_minor} if spec.refund_minor else {}),
        **({"credit_amount": spec.credit_minor} if spec.credit_minor else {}),
        **({"reason": spec.reason} if spec.reason else {}),
        **({"memo": spec.memo} if spec.memo else {}),
    }
    made = api.credit_notes.create(cast("CreditNoteCreateParams", params), {"idempotency_key": key})
    return normalize_credit_note(plain(made))
