"""/v1/customers"""

from billing.providers.sandbox.behaviour import adjusting, ending
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.paging import Listing
from billing.providers.sandbox.parameters import (
    EXPAND,
    PAGE,
    PLAIN_PAGE,
    Currency,
    Email,
    Group,
    Integer,
    Many,
    Metadata,
    Required,
    Text,
    merged,
)
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import customers as shapes

ADDRESS = {name: Text(clearable=True) for name in ("city", "country", "line1", "line2", "postal_code", "state")}
FIELDS = {
    "address": Group(ADDRESS, clearable=True),
    "balance": Integer(),
    "description": Text(clearable=True),
    "email": Email(),
    "invoice_settings": Group({"default_payment_method": Text(clearable=True)}),
    "metadata": Metadata(),
    "name": Text(clearable=True, longest=256),
    "phone": Text(clearable=True, longest=20),
    "preferred_locales": Many(Text()),
    **EXPAND,
}
LIST = {**PAGE, "email": Email()}
ADJUST = {
    "amount": Required(Integer()),
    "currency": Required(Currency()),
    "description": Text(longest=350),
    "metadata": Metadata(),
    **EXPAND,
}
ADJUSTMENTS = PLAIN_PAGE


def create(books: Books, params: Json) -> Json:
    """A customer without a card."""
    customer = shapes.customer({**params, "address": _address(params.get("address"))}, at=books.now)
    _check_method(books, customer)
    return books.add(customer, "customer.created")


def _address(given: Json | None) -> Json | None:
    return {name: given.get(name) for name in ADDRESS} if given else None


def _check_method(books: Books, customer: Json) -> None:
    chosen = customer["invoice_settings"]["default_payment_method"]
    if chosen:
        method = books.get("payment_method", chosen, "invoice_settings[default_payment_method]")
        must_belong(method, customer["id"], "invoice_settings[default_payment_method]")


def must_belong(method: Json, customer_id: str, param: str) -> None:
    """A card can only be a default of the customer it is saved for."""
    if method["customer"] != customer_id:
        raise Invalid(
            f"The customer does not have a payment method with the ID {method['id']}. The payment method must be "
            "attached to the customer.",
            code="resource_missing",
            param=param,
        )


def retrieve(books: Books, params: Json, customer_id: str) -> Json:
    """One customer; of a deleted one, that it was."""
    return books.get("customer", customer_id)


def update(books: Books, params: Json, customer_id: str) -> Json:
    """Change what is given."""
    customer = books.get("customer", customer_id)
    for name in ("balance", "description", "email", "name", "phone", "preferred_locales"):
        if name in params:
            customer[name] = params[name]
    if "address" in params:
        customer["address"] = _address(params["address"])
    if "metadata" in params:
        customer["metadata"] = merged(customer["metadata"], params["metadata"])
    customer["invoice_settings"].update(params.get("invoice_settings") or {})
    _check_method(books, customer)
    return books.change(customer, "customer.updated")


def adjust(books: Books, params: Json, customer_id: str) -> Json:
    """Credit, below nothing, or debt, which the next invoice takes into account; in the customer's own currency."""
    customer = books.get("customer", customer_id, "customer")
    if customer["currency"] not in (None, params["currency"]):
        raise Invalid(
            f"The currency must be the customer's: {customer['currency']}, not {params['currency']}.", param="currency"
        )
    customer["currency"] = params["currency"]
    told = {"description": params.get("description"), "metadata": params.get("metadata") or {}}
    return adjusting.enter(books, customer, "adjustment", params["amount"], **told)


def adjustments(books: Books, params: Json, customer_id: str) -> Listing:
    """Every entry of the balance."""
    books.get("customer", customer_id)
    return Listing(books.rows("customer_balance_transaction", customer=customer_id))


def delete(books: Books, params: Json, customer_id: str) -> Json:
    """The customer's subscriptions end at once."""
    customer = books.get("customer", customer_id)
    for subscription in books.all("subscription", customer=customer_id):
        if subscription["ended_at"] is None:
            ending.end(books, subscription, reason="cancellation_requested")
    books.announce("customer.deleted", customer)
    return books.change({"id": customer_id, "object": "customer", "deleted": True})


def listing(books: Books, params: Json) -> Listing:
    """Customers, by email."""
    rows = books.rows("customer").exclude(status="deleted")
    return Listing(rows.filter(lookup=params["email"]) if "email" in params else rows)
