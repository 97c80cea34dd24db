"""What a checkout comes to: its lines, a coupon or a code, taxes; what a trial leaves to pay today."""

from billing.providers.sandbox.behaviour import discounting, taxing
from billing.providers.sandbox.behaviour.pricing import amount_of
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.shapes import Json


def add_up(books: Books, session: Json) -> Json:
    """Write the totals of a checkout, and of its lines, for what is due today."""
    lines = [_line(books, session, item) for item in session["_line_items"]]
    discounting.apply_coupons([(coupon["id"], coupon) for coupon in _coupons(books, session)], lines)
    taxing.apply(books, {"_tax_rates": _rates(session)}, lines)
    for item, line in zip(session["_line_items"], lines, strict=True):
        _write(item, line)
    sums = {name: sum(item[name] for item in session["_line_items"]) for name in ("amount_discount", "amount_tax")}
    session.update(
        amount_subtotal=sum(item["amount_subtotal"] for item in session["_line_items"]),
        amount_total=sum(item["amount_total"] for item in session["_line_items"]),
        total_details={**session["total_details"], **sums},
    )
    return session


def _line(books: Books, session: Json, item: Json) -> Json:
    price = books.get("price", item["price"])
    waits = price["recurring"] and has_trial(session)
    return {
        "amount": 0 if waits else amount_of(price, item["quantity"]),
        "discountable": True,
        "pricing": {"price_details": {"product": price["product"]}},
    }


def has_trial(session: Json) -> bool:
    """Whether nothing recurring is paid today."""
    data = session["_subscription_data"]
    return bool(data.get("trial_period_days") or data.get("trial_end"))


def _coupons(books: Books, session: Json) -> list[Json]:
    found = []
    for each in session["discounts"]:
        code = books.get("promotion_code", each["promotion_code"]) if each["promotion_code"] else None
        found.append(books.get("coupon", code["promotion"]["coupon"] if code else each["coupon"]))
    return found


def _rates(session: Json) -> list[str]:
    return list(session["_subscription_data"].get("default_tax_rates") or [])


def _write(item: Json, line: Json) -> None:
    off = sum(each["amount"] for each in line["discount_amounts"])
    tax = sum(each["amount"] for each in line["taxes"])
    added = sum(each["amount"] for each in line["taxes"] if each["tax_behavior"] == "exclusive")
    item.update(
        amount_subtotal=line["amount"],
        amount_discount=off,
        amount_tax=tax,
        amount_total=line["amount"] - off + added,
    )


def enter_code(books: Books, session: Json, text: str) -> None:
    """A code that was typed takes the place of the one before; refuses what is no code, or no longer."""
    code = discounting.find_code(books, text)
    if code is None:
        raise Invalid("This code is invalid.", param="promotion_code")
    customer = books.get("customer", session["customer"]) if session["customer"] else None
    discounting.must_fit(books, code, customer)
    discounting.must_be_valid(books, books.get("coupon", code["promotion"]["coupon"]))
    session["discounts"] = [{"coupon": None, "promotion_code": code["id"]}]
    books.change(add_up(books, session))


def wishes(session: Json) -> list[Json]:
    """The discounts of a checkout as a subscription or an invoice takes them."""
    return [{name: value for name, value in each.items() if value} for each in session["discounts"]]
