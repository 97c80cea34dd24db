"""/v1/payment_intents, /v1/charges and /v1/invoice_payments: what invoices and checkouts left behind, to be read"""

from billing.providers.sandbox.books import Books
from billing.providers.sandbox.paging import Listing
from billing.providers.sandbox.parameters import PAGE, Choice, Group, Required, Text
from billing.providers.sandbox.shapes import Json

INTENT_LIST = {**PAGE, "customer": Text()}
CHARGE_LIST = {**PAGE, "customer": Text(), "payment_intent": Text()}
OF_PAYMENT = {"payment_intent": Text(), "type": Required(Choice(("payment_intent",)))}
INVOICE_PAYMENT_LIST = {**PAGE, "invoice": Text(), "payment": Group(OF_PAYMENT)}


def intent(books: Books, params: Json, intent_id: str) -> Json:
    """One payment intent."""
    return books.get("payment_intent", intent_id)


def intents(books: Books, params: Json) -> Listing:
    """Payment intents, by customer."""
    return _narrowed(books, "payment_intent", params)


def charge(books: Books, params: Json, charge_id: str) -> Json:
    """One charge."""
    return books.get("charge", charge_id)


def charges(books: Books, params: Json) -> Listing:
    """Charges, by customer and by intent."""
    return _narrowed(books, "charge", params)


def invoice_payment(books: Books, params: Json, payment_id: str) -> Json:
    """One invoice payment."""
    return books.get("invoice_payment", payment_id)


def invoice_payments(books: Books, params: Json) -> Listing:
    """How invoices are paid, by invoice or by what pays them."""
    return _narrowed(books, "invoice_payment", {**params, **(params.get("payment") or {})})


def setup_intent(books: Books, params: Json, intent_id: str) -> Json:
    """One setup intent."""
    return books.get("setup_intent", intent_id)


def _narrowed(books: Books, kind: str, params: Json) -> Listing:
    wanted = {name: params[name] for name in ("customer", "invoice", "payment_intent") if name in params}
    return Listing(books.rows(kind, **wanted))
