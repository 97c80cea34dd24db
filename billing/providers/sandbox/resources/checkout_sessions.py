"""/v1/checkout/sessions"""

from billing.providers.sandbox import wire
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.paging import Listing
from billing.providers.sandbox.parameters import (
    EXPAND,
    PAGE,
    Boolean,
    Choice,
    Currency,
    Email,
    Group,
    Integer,
    Many,
    Metadata,
    Required,
    Text,
    Url,
)
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import checkout as shapes
from billing.providers.sandbox.timetable import DAY

LINE_ITEM = {"price": Required(Text()), "quantity": Integer(at_least=1, at_most=999_999)}
CREATE = {
    "allow_promotion_codes": Boolean(),
    "billing_address_collection": Choice(("auto",)),
    "cancel_url": Url(),
    "client_reference_id": Text(longest=200),
    "currency": Currency(),
    "customer": Text(),
    "customer_creation": Choice(("always", "if_required")),
    "customer_email": Email(),
    "expires_at": Integer(),
    "line_items": Required(Many(Group(LINE_ITEM), longest=100)),
    "locale": Choice(("auto", "en")),
    "metadata": Metadata(),
    "mode": Required(Choice(("subscription", "payment"))),
    "payment_intent_data": Group({"description": Text(), "metadata": Metadata()}),
    "payment_method_types": Many(Choice(("card",))),
    "subscription_data": Group({"description": Text(longest=500), "metadata": Metadata()}),
    "success_url": Required(Url()),
    "ui_mode": Choice(("hosted_page",)),
    **EXPAND,
}
LIST = {
    **PAGE,
    "customer": Text(),
    "payment_intent": Text(),
    "status": Choice(("open", "complete", "expired")),
    "subscription": Text(),
}
SHORTEST, LONGEST = 30 * 60, DAY


def create(books: Books, params: Json) -> Json:
    """A checkout page that waits for its customer, for a day at most."""
    _check_customer(books, params)
    prices = [_price(books, params["mode"], item, at) for at, item in enumerate(params["line_items"])]
    if len({price["currency"] for price in prices}) != 1:
        raise Invalid("All prices must have the same currency.", param="line_items")
    expires_at = params.get("expires_at", books.now + LONGEST)
    if not books.now + SHORTEST <= expires_at <= books.now + LONGEST:
        raise Invalid(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.", param="expires_at"
        )
    items = [
        shapes.line_item(price, books.get("product", price["product"])["name"], item.get("quantity", 1))
        for price, item in zip(prices, params["line_items"], strict=True)
    ]
    session = shapes.session(params, items, currency=prices[0]["currency"], expires_at=expires_at, at=books.now)
    return books.add(session)


def _check_customer(books: Books, params: Json) -> None:
    if "customer" in params and "customer_email" in params:
        raise Invalid("You may only specify one of these parameters: customer, customer_email.", param="customer")
    if "customer" in params:
        books.get("customer", params["customer"], "customer")
    other_mode = {"subscription": "payment_intent_data", "payment": "subscription_data"}[params["mode"]]
    if other_mode in params:
        raise Invalid(f"You can not pass `{other_mode}` in `{params['mode']}` mode.", param=other_mode)
    if params.get("allow_promotion_codes"):
        raise Invalid("The sandbox knows no promotion codes.", param="allow_promotion_codes")


def _price(books: Books, mode: str, item: Json, position: int) -> Json:
    param = f"line_items[{position}][price]"
    price = books.get("price", item["price"], param)
    if not price["active"]:
        raise Invalid("The price specified is inactive. This field only accepts active prices.", param=param)
    wanted = "recurring" if mode == "subscription" else "one_time"
    if price["type"] != wanted:
        raise Invalid(f"In `{mode}` mode the sandbox takes only {wanted} prices.", param=param)
    return price


def retrieve(books: Books, params: Json, session_id: str) -> Json:
    """One checkout."""
    return books.get("checkout.session", session_id)


def expire(books: Books, params: Json, session_id: str) -> Json:
    """Close a checkout that nobody completed."""
    session = books.get("checkout.session", session_id)
    if session["status"] != "open":
        raise Invalid(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status '
            f"of {session['status']}."
        )
    session.update(status="expired", url=None)
    books.change(session)
    books.announce("checkout.session.expired", session)
    return session


def listing(books: Books, params: Json) -> Listing:
    """Checkouts, by customer, outcome and state."""
    wanted = {name: params[name] for name in ("customer", "payment_intent", "status", "subscription") if name in params}
    return Listing(books.rows("checkout.session", **wanted))


def line_items(books: Books, params: Json, session_id: str) -> Json:
    """What is bought; the whole list is one page."""
    session = books.get("checkout.session", session_id)
    return wire.line_items(books, session)
