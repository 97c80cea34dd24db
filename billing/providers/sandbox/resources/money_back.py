"""/v1/refunds, /v1/disputes, /v1/credit_notes and /v1/balance_transactions"""

from billing.providers.sandbox.behaviour import crediting, disputing, refunding
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.paging import Listing
from billing.providers.sandbox.parameters import (
    EXPAND,
    PAGE,
    Boolean,
    Choice,
    Group,
    Integer,
    Metadata,
    Required,
    Text,
    merged,
)
from billing.providers.sandbox.shapes import Json

REFUND = {
    "amount": Integer(at_least=1),
    "charge": Text(),
    "metadata": Metadata(),
    "payment_intent": Text(),
    "reason": Choice(("duplicate", "fraudulent", "requested_by_customer")),
    **EXPAND,
}
UPDATE_REFUND = {"metadata": Metadata(), **EXPAND}
REFUND_LIST = {**PAGE, "charge": Text(), "payment_intent": Text()}
EVIDENCE = {"uncategorized_text": Text(longest=20_000)}
UPDATE_DISPUTE = {"evidence": Group(EVIDENCE), "metadata": Metadata(), "submit": Boolean(), **EXPAND}
DISPUTE_LIST = {**PAGE, "charge": Text(), "payment_intent": Text()}
CREDIT_NOTE = {
    "amount": Required(Integer(at_least=1)),
    "credit_amount": Integer(at_least=0),
    "invoice": Required(Text()),
    "memo": Text(),
    "metadata": Metadata(),
    "out_of_band_amount": Integer(at_least=0),
    "reason": Choice(("duplicate", "fraudulent", "order_change", "product_unsatisfactory")),
    "refund_amount": Integer(at_least=0),
    **EXPAND,
}
CREDIT_NOTE_LIST = {**PAGE, "customer": Text(), "invoice": Text()}
BALANCE_LIST = {**PAGE, "source": Text()}


def refund(books: Books, params: Json) -> Json:
    """Of the charge that is named, or that collected the intent that is named."""
    if ("charge" in params) == ("payment_intent" in params):
        raise Invalid("Say either `charge` or `payment_intent`.", code="parameter_missing", param="payment_intent")
    charge_id = params.get("charge")
    if charge_id is None:
        intent = books.get("payment_intent", params["payment_intent"], "payment_intent")
        charge_id = intent["latest_charge"]
        if charge_id is None:
            raise Invalid("This PaymentIntent does not have a successful charge to refund.", param="payment_intent")
    return refunding.refund(books, books.get("charge", charge_id, "charge"), params.get("amount"), params)


def retrieve_refund(books: Books, params: Json, refund_id: str) -> Json:
    """One refund."""
    return books.get("refund", refund_id)


def update_refund(books: Books, params: Json, refund_id: str) -> Json:
    """Its metadata."""
    found = books.get("refund", refund_id)
    found["metadata"] = merged(found["metadata"], params.get("metadata") or {})
    return books.change(found, "refund.updated")


def refunds(books: Books, params: Json) -> Listing:
    """Refunds, by charge and by intent."""
    return _narrowed(books, "refund", params)


def _narrowed(books: Books, kind: str, params: Json) -> Listing:
    columns = {"charge": "lookup", "source": "lookup"}
    names = ("charge", "customer", "invoice", "payment_intent", "source")
    wanted = {columns.get(name, name): params[name] for name in names if name in params}
    return Listing(books.rows(kind, **wanted))


def dispute(books: Books, params: Json, dispute_id: str) -> Json:
    """One dispute."""
    return books.get("dispute", dispute_id)


def update_dispute(books: Books, params: Json, dispute_id: str) -> Json:
    """Evidence is handed in once; from then on the bank looks at it."""
    found = books.get("dispute", dispute_id)
    if found["status"] != "needs_response":
        raise Invalid(f"This dispute is {found['status']}: it takes no more evidence.")
    if "metadata" in params:
        found["metadata"] = merged(found["metadata"], params["metadata"])
    found["evidence"].update(params.get("evidence") or {})
    if params.get("submit", True) and "evidence" in params:
        return disputing.answer(books, found, found["evidence"]["uncategorized_text"])
    return books.change(found, "charge.dispute.updated")


def close_dispute(books: Books, params: Json, dispute_id: str) -> Json:
    """Give it up."""
    found = books.get("dispute", dispute_id)
    if found["status"] not in disputing.OPEN:
        raise Invalid(f"This dispute is already {found['status']}.")
    return disputing.decide(books, found, won=False)


def disputes(books: Books, params: Json) -> Listing:
    """Disputes, by charge and by intent."""
    return _narrowed(books, "dispute", params)


def credit(books: Books, params: Json) -> Json:
    """A credit note of one amount."""
    return crediting.issue(books, books.get("invoice", params["invoice"], "invoice"), params)


def credit_note(books: Books, params: Json, note_id: str) -> Json:
    """One credit note."""
    return books.get("credit_note", note_id)


def credit_notes(books: Books, params: Json) -> Listing:
    """Credit notes, by customer and by invoice."""
    return _narrowed(books, "credit_note", params)


def balance_transaction(books: Books, params: Json, transaction_id: str) -> Json:
    """One movement of the balance."""
    return books.get("balance_transaction", transaction_id)


def balance_transactions(books: Books, params: Json) -> Listing:
    """Movements of the balance, by what caused them."""
    return _narrowed(books, "balance_transaction", params)
