"""/v1/checkout/sessions"""

from billing.providers.sandbox import wire
from billing.providers.sandbox.behaviour import discounting, till
from billing.providers.sandbox.behaviour.banks import KINDS
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
from billing.providers.sandbox.resources.subscriptions import TRIAL_SETTINGS
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import checkout as shapes
from billing.providers.sandbox.shapes import money as money_shapes
from billing.providers.sandbox.timetable import DAY

LINE_ITEM = {"price": Required(Text()), "quantity": Integer(at_least=1, at_most=999_999)}
INVOICE_CREATION = {"enabled": Required(Boolean()), "invoice_data": Group({"metadata": Metadata()})}
SUBSCRIPTION_DATA = {
    "default_tax_rates": Many(Text(), longest=5),
    "description": Text(longest=500),
    "metadata": Metadata(),
    "trial_end": Integer(),
    "trial_period_days": Integer(at_least=1, at_most=730),
    "trial_settings": Group(TRIAL_SETTINGS),
}
# What only one mode of checkout takes.
OWN = {
    "invoice_creation": "payment",
    "payment_intent_data": "payment",
    "setup_intent_data": "setup",
    "subscription_data": "subscription",
}
CREATE = {
    "allow_promotion_codes": Boolean(),
    "billing_address_collection": Choice(("auto",)),
    "cancel_url": Url(),
    "client_reference_id": Text(longest=200),
    "currency": Currency(),
    "customer": Text(),
    "customer_creation": Choice(("always", "if_required")),
    "customer_email": Email(),
    "discounts": Many(Group({"coupon": Text(), "promotion_code": Text()}), longest=1),
    "expires_at": Integer(),
    "invoice_creation": Group(INVOICE_CREATION),
    "line_items": Many(Group(LINE_ITEM), longest=100),
    "locale": Choice(("auto", "en")),
    "metadata": Metadata(),
    "mode": Required(Choice(("subscription", "payment", "setup"))),
    "payment_intent_data": Group({"description": Text(), "metadata": Metadata()}),
    "payment_method_types": Many(Choice(("card", *KINDS))),
    "setup_intent_data": Group({"description": Text(), "metadata": Metadata()}),
    "subscription_data": Group(SUBSCRIPTION_DATA),
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
    _check(books, params)
    expires_at = params.get("expires_at", books.now + LONGEST)
    if not books.now + SHORTEST <= expires_at <= books.now + LONGEST:
        raise Invalid(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.", param="expires_at"
        )
    items, currency = _sold(books, params)
    session = shapes.session(params, items, currency=currency, expires_at=expires_at, at=books.now)
    if session["mode"] == "setup":
        data = params.get("setup_intent_data") or {}
        intent = money_shapes.setup_intent(
            customer=session["customer"],
            types=session["payment_method_types"],
            metadata=data.get("metadata") or {},
            at=books.now,
        )
        session["setup_intent"] = books.add(intent, "setup_intent.created")["id"]
        return books.add(session)
    return books.add(till.add_up(books, session))


def _check(books: Books, params: Json) -> None:
    if "customer" in params and "customer_email" in params:
        raise Invalid("You may only specify one of these parameters: customer, customer_email.", param="customer")
    if "customer" in params:
        books.get("customer", params["customer"], "customer")
    for name, mode in OWN.items():
        if name in params and params["mode"] != mode:
            raise Invalid(f"You can not pass `{name}` in `{params['mode']}` mode.", param=name)
    if "discounts" in params and params.get("allow_promotion_codes"):
        raise Invalid(
            "You may only specify one of these parameters: allow_promotion_codes, discounts.", param="discounts"
        )
    for discount in params.get("discounts", []):
        _check_discount(books, discount)


def _check_discount(books: Books, discount: Json) -> None:
    coupon = discount.get("coupon")
    if "promotion_code" in discount:
        coupon = books.get("promotion_code", discount["promotion_code"], "discounts[0][promotion_code]")["promotion"][
            "coupon"
        ]
    discounting.must_be_valid(books, books.get("coupon", coupon or "", "discounts[0][coupon]"))


def _sold(books: Books, params: Json) -> tuple[list[Json], str | None]:
    """The lines and their currency."""
    if params["mode"] == "setup":
        if "line_items" in params:
            raise Invalid("You can not pass `line_items` in `setup` mode.", param="line_items")
        return [], params.get("currency")
    wishes = params.get("line_items") or []
    if not wishes:
        raise Invalid("Missing required param: line_items.", code="parameter_missing", param="line_items")
    prices = [_price(books, params["mode"], item, at) for at, item in enumerate(wishes)]
    if len({price["currency"] for price in prices}) != 1:
        raise Invalid("All prices must have the same currency.", param="line_items")
    if params["mode"] == "subscription" and not any(price["recurring"] for price in prices):
        raise Invalid("In `subscription` mode the sandbox takes at least one recurring price.", param="line_items")
    items = [
        shapes.line_item(price, books.get("product", price["product"])["name"], item.get("quantity", 1))
        for price, item in zip(prices, wishes, strict=True)
    ]
    return items, prices[0]["currency"]


def _price(books: Books, mode: str, item: Json, position: int) -> Json:
    param = f"line_items[{position}][price]"
    price = books.get("price", item["price"], param)
    if not price["active"]:
        raise Invalid("The price specified is inactive. This field only accepts active prices.", param=param)
    if mode == "payment" and price["recurring"]:
        raise Invalid("In `payment` mode the sandbox takes only one_time prices.", param=param)
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
