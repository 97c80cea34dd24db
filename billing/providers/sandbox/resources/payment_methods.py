"""/v1/payment_methods, and those of a customer"""

from billing.providers.sandbox.behaviour import cards, paying, wallet
from billing.providers.sandbox.behaviour.banks import KINDS
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid, NoSuchObject
from billing.providers.sandbox.paging import Listing
from billing.providers.sandbox.parameters import EXPAND, PLAIN_PAGE, Choice, Email, Group, Metadata, Required, Text
from billing.providers.sandbox.shapes import Json

BILLING_DETAILS = {"email": Email(), "name": Text(clearable=True)}
CREATE = {
    "billing_details": Group(BILLING_DETAILS),
    "card": Required(Group({"token": Required(Text())})),
    "metadata": Metadata(),
    "type": Required(Choice(("card",))),
    **EXPAND,
}
ATTACH = {"customer": Required(Text()), **EXPAND}
LIST_OF_CUSTOMER = {**PLAIN_PAGE, "type": Choice(("card", *KINDS))}
LIST = {**LIST_OF_CUSTOMER, "customer": Text()}


def create(books: Books, params: Json) -> Json:
    """From a test token such as tok_visa: raw card numbers only pass through the checkout page."""
    token = params["card"]["token"]
    card = cards.BY_TOKEN.get(token.removeprefix("tok_"))
    if card is None:
        raise Invalid(f"No such token: '{token}'", code="resource_missing", param="card[token]")
    details = params.get("billing_details") or {}
    made = wallet.ready_made(books, card, email=details.get("email"), name=details.get("name"))
    return books.change({**made, "metadata": params.get("metadata") or {}})


def retrieve(books: Books, params: Json, method_id: str) -> Json:
    """One payment method."""
    return books.get("payment_method", method_id)


def attach(books: Books, params: Json, method_id: str) -> Json:
    """Save a card for a customer. A ready-made card such as pm_card_visa is copied first."""
    customer = books.get("customer", params["customer"], "customer")
    found = wallet.by_token(method_id.removeprefix("pm_card_").removeprefix("pm_"))
    method = wallet.ready_made(books, found, email=None, name=None) if found else books.get("payment_method", method_id)
    if method["customer"] == customer["id"]:
        return method
    if method["customer"]:
        raise Invalid("The payment method you provided has already been attached to a customer.")
    refusal = cards.attach_refusal_of(method)
    if refusal:
        raise refusal.error()
    return paying.attach(books, method, customer)


def detach(books: Books, params: Json, method_id: str) -> Json:
    """Forget a card: whatever had it as its default has none."""
    method = books.get("payment_method", method_id)
    customer_id = method["customer"]
    if customer_id is None:
        raise Invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    _forget(books, customer_id, method_id)
    method["customer"] = None
    return books.change(method, "payment_method.detached")


def _forget(books: Books, customer_id: str, method_id: str) -> None:
    customer = books.get("customer", customer_id)
    if customer["invoice_settings"]["default_payment_method"] == method_id:
        customer["invoice_settings"]["default_payment_method"] = None
        books.change(customer, "customer.updated")
    for subscription in books.all("subscription", customer=customer_id):
        if subscription["default_payment_method"] == method_id:
            subscription["default_payment_method"] = None
            books.change(subscription, "customer.subscription.updated")


def listing(books: Books, params: Json, customer_id: str = "") -> Listing:
    """The cards saved for a customer."""
    owner = customer_id or params.get("customer", "")
    if owner:
        books.get("customer", owner, "id" if customer_id else "customer")
    rows = books.rows("payment_method").exclude(customer="")
    if "type" in params:
        rows = rows.filter(lookup=params["type"])
    return Listing(rows.filter(customer=owner) if owner else rows)


def of_customer(books: Books, params: Json, customer_id: str, method_id: str) -> Json:
    """One card of a customer."""
    method = books.get("payment_method", method_id)
    if method["customer"] != customer_id:
        raise NoSuchObject("payment_method", method_id, "id")
    return method
