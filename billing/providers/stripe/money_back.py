"""Refunds, credit notes and customers' balances at Stripe."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from billing.providers.facts import CreditNoteFact, RefundFact
from billing.providers.specs import BalanceSpec, CreditNoteSpec, RefundSpec
from billing.providers.stripe.normalize import Raw, id_of, plain, texts
from billing.providers.stripe.normalize_money import normalize_credit_note, normalize_refund
from billing.providers.stripe.plain_api import PAGE

if TYPE_CHECKING:
    from stripe._v1_services import V1Services
    from stripe.params import (
        CreditNoteCreateParams,
        CustomerBalanceTransactionCreateParams,
        CustomerBalanceTransactionListParams,
        RefundCreateParams,
    )

BY_INVOICES = ("applied_to_invoice", "unapplied_from_invoice")


def _made_before(ask: Callable[..., Any], narrowed: Mapping[str, str], metadata: Mapping[str, str]) -> Raw | None:
    """What names our row in its metadata already: Stripe forgets a key after a day, what was made under it stays."""
    if not metadata:
        return None
    found = (plain(each) for each in ask({**narrowed, "limit": PAGE}).auto_paging_iter())
    return next((raw for raw in found if metadata.items() <= texts(raw.get("metadata")).items()), None)


def refund(api: "V1Services", spec: RefundSpec, *, key: str) -> RefundFact:
    """All that is left of a payment, or so much of it. One that was sent is not sent again."""
    known = _made_before(api.refunds.list, {"payment_intent": spec.payment_id}, spec.metadata)
    if known is not None:
        return normalize_refund(known)
    params: dict[str, Any] = {
        "payment_intent": spec.payment_id,
        "metadata": dict(spec.metadata),
        **({} if spec.amount_minor is None else {"amount": spec.amount_minor}),
        **({"reason": spec.reason} if spec.reason else {}),
    }
    made = api.refunds.create(cast("RefundCreateParams", params), {"idempotency_key": key})
    return normalize_refund(plain(made))


def credit(api: "V1Services", spec: CreditNoteSpec, *, key: str) -> CreditNoteFact:
    """A credit note of one amount; Stripe sends the refund that belongs to it. One that was made is not made again."""
    known = credit_note_of(api, spec.invoice_id, spec.metadata)
    if known is not None:
        return known
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


def credit_note_of(api: "V1Services", invoice_id: str, metadata: Mapping[str, str]) -> CreditNoteFact | None:
    """The credit note of an invoice that names our row."""
    known = _made_before(api.credit_notes.list, {"invoice": invoice_id}, metadata)
    return None if known is None else normalize_credit_note(known)


def move_balance(api: "V1Services", spec: BalanceSpec, *, key: str) -> str:
    """An adjustment. Credit is below nothing there; the next invoice that becomes final uses it."""
    entries = api.customers.balance_transactions
    known = _made_before(partial(entries.list, spec.customer_id), {}, spec.metadata)
    if known is not None:
        return id_of(known)
    params: CustomerBalanceTransactionCreateParams = {
        "amount": -spec.amount_minor,
        "currency": spec.currency,
        "description": spec.description,
        "metadata": dict(spec.metadata),
    }
    return entries.create(spec.customer_id, params, {"idempotency_key": key}).id


def balance_used(api: "V1Services", customer_id: str, before: str = "") -> Mapping[str, int]:
    """One page tells: what is older has long been heard of."""
    used = Counter[str]()
    params: CustomerBalanceTransactionListParams = {"limit": PAGE}
    if before:
        params["starting_after"] = before
    for entry in api.customers.balance_transactions.list(customer_id, params).data:
        if entry.type in BY_INVOICES:
            used[id_of(plain(entry).get("invoice"))] += entry.amount
    return used
