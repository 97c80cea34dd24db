"""From what is stored to what is shown: embedded objects, hidden fields, fields that only `expand` brings."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.models import Delivery
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes.catalog import plan_of

if TYPE_CHECKING:
    from billing.providers.sandbox.books import Books

LINES_SHOWN = 10
DEEPEST = 4


def listing(data: list[Json], url: str, *, has_more: bool = False) -> Json:
    """A list in Stripe's envelope."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def present(books: "Books", obj: Json) -> Json:
    """An object as an answer or an event shows it."""
    shown = {name: value for name, value in obj.items() if not name.startswith("_")}
    embed = None if obj.get("deleted") else EMBEDDED.get(obj["object"])
    return {**shown, **embed(books, obj)} if embed else shown


def _subscription(books: "Books", obj: Json) -> Json:
    items = [present(books, item) for item in books.all("subscription_item", subscription=obj["id"])]
    listed = listing(items, f"/v1/subscription_items?subscription={obj['id']}")
    shown: Json = {"items": {**listed, "total_count": len(items)}, **_taxed(books, obj)}
    if obj["pending_update"]:
        coming = [present(books, item) for item in obj["pending_update"]["subscription_items"]]
        shown["pending_update"] = {**obj["pending_update"], "subscription_items": coming}
    return shown


def _subscription_item(books: "Books", obj: Json) -> Json:
    price = books.get("price", obj["price"])
    return {"price": present(books, price), "plan": plan_of(price)}


def _invoice(books: "Books", obj: Json) -> Json:
    # A preview is not stored, so it carries its lines itself.
    lines = obj.get("_lines") or books.all("line_item", invoice=obj["id"])
    shown = [present(books, line) for line in lines[:LINES_SHOWN]]
    url = f"/v1/invoices/{obj['id']}/lines"
    listed = listing(shown, url, has_more=len(lines) > LINES_SHOWN)
    return {"lines": {**listed, "total_count": len(lines)}, **_taxed(books, obj)}


def _taxed(books: "Books", obj: Json) -> Json:
    """What Stripe embeds of tax rates that are held by id."""
    return {"default_tax_rates": [present(books, books.get("tax_rate", each)) for each in obj["_tax_rates"]]}


def _credit_note(books: "Books", obj: Json) -> Json:
    lines = listing(obj["_lines"], f"/v1/credit_notes/{obj['id']}/lines")
    return {"lines": {**lines, "total_count": len(obj["_lines"])}}


def _event(books: "Books", obj: Json) -> Json:
    return {"pending_webhooks": Delivery.objects.filter(event_id=obj["id"], delivered_at=None).count()}


EMBEDDED: dict[str, Callable[["Books", Json], Json]] = {
    "subscription": _subscription,
    "subscription_item": _subscription_item,
    "invoice": _invoice,
    "event": _event,
    "credit_note": _credit_note,
}


def _currency_options(books: "Books", price: Json) -> Json:
    option = {
        "custom_unit_amount": None,
        "tax_behavior": price["tax_behavior"],
        "unit_amount": price["unit_amount"],
        "unit_amount_decimal": price["unit_amount_decimal"],
    }
    return {price["currency"]: option}


def _customer_subscriptions(books: "Books", customer: Json) -> Json:
    live = [
        present(books, each)
        for each in books.all("subscription", customer=customer["id"])
        if each["status"] not in ("canceled", "incomplete_expired")
    ]
    return listing(live, f"/v1/customers/{customer['id']}/subscriptions")


def line_items(books: "Books", session: Json) -> Json:
    """What a checkout sells, with its prices; asked of the stored session, for the shown one hides it."""
    held = books.get("checkout.session", session["id"])["_line_items"]
    items = [{**item, "price": present(books, books.get("price", item["price"]))} for item in held]
    return listing(items, f"/v1/checkout/sessions/{session['id']}/line_items")


def _payments(books: "Books", invoice: Json) -> Json:
    paid = [present(books, payment) for payment in books.all("invoice_payment", invoice=invoice["id"])]
    return listing(paid, "/v1/invoice_payments")


def _confirmation_secret(books: "Books", invoice: Json) -> Json | None:
    for payment in books.all("invoice_payment", invoice=invoice["id"]):
        intent = books.get("payment_intent", payment["payment"]["payment_intent"])
        return {"client_secret": intent["client_secret"], "type": "payment_intent"}
    return None


def _refunds(books: "Books", charge: Json) -> Json:
    found = [present(books, each) for each in reversed(books.all("refund", lookup=charge["id"]))]
    return listing(found, f"/v1/charges/{charge['id']}/refunds")


def _empty_list(books: "Books", obj: Json) -> Json:
    return listing([], f"/v1/{obj['object']}s/{obj['id']}")


def _none_of_them(books: "Books", obj: Json) -> list[Json]:
    return []


def _tiers(books: "Books", price: Json) -> list[Json] | None:
    return books.get("price", price["id"])["_tiers"] or None


def _breakdown(books: "Books", obj: Json) -> Json:
    return {"discounts": [], "taxes": []}


# Fields that are absent unless they are asked for, by kind of object; "" stands for a nested object without a kind.
INCLUDED: dict[tuple[str, str], Callable[["Books", Json], Any]] = {
    ("charge", "refunds"): _refunds,
    ("checkout.session", "line_items"): line_items,
    ("customer", "sources"): _empty_list,
    ("customer", "subscriptions"): _customer_subscriptions,
    ("customer", "tax_ids"): _empty_list,
    ("invoice", "confirmation_secret"): _confirmation_secret,
    ("invoice", "payments"): _payments,
    ("item", "discounts"): _none_of_them,
    ("item", "taxes"): _none_of_them,
    ("price", "currency_options"): _currency_options,
    ("price", "tiers"): _tiers,
    ("", "breakdown"): _breakdown,
}
# What an id in a field of this name refers to.
REFERENCES = {
    "balance_transaction": "balance_transaction",
    "charge": "charge",
    "coupon": "coupon",
    "customer": "customer",
    "default_payment_method": "payment_method",
    "default_price": "price",
    "invoice": "invoice",
    "latest_charge": "charge",
    "latest_invoice": "invoice",
    "payment_intent": "payment_intent",
    "payment_method": "payment_method",
    "price": "price",
    "product": "product",
    "promotion_code": "promotion_code",
    "schedule": "subscription_schedule",
    "setup_intent": "setup_intent",
    "subscription": "subscription",
}


# What a list of ids refers to.
LISTED = {"discounts": "discount"}


def _of_list(books: "Books", kind: str, each: Any) -> Any:
    return present(books, books.get(kind, each)) if isinstance(each, str) else each


def expand(books: "Books", obj: Json, paths: list[str]) -> Json:
    """Put whole objects where ids stand, along each dotted path."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST:
            raise Invalid(f"You cannot expand more than {DEEPEST} levels of a property.", param="expand")
        _follow(books, obj, steps, path)
    return obj


def _follow(books: "Books", obj: Json, steps: list[str], path: str) -> None:
    step, rest = steps[0], steps[1:]
    if step == "data" and isinstance(obj.get("data"), list):
        _descend(books, obj["data"], rest, path)
        return
    key = (obj.get("object", ""), step)
    if step not in obj and key in INCLUDED:
        obj[step] = INCLUDED[key](books, obj)
    elif isinstance(obj.get(step), list) and step in LISTED:
        obj[step] = [_of_list(books, LISTED[step], each) for each in obj[step]]
    elif isinstance(obj.get(step), str):
        obj[step] = _referred(books, step, obj[step], path)
    elif step not in obj:
        raise _not_expandable(path)
    _descend(books, obj[step], rest, path)


def _descend(books: "Books", value: Any, rest: list[str], path: str) -> None:
    if rest:
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                _follow(books, each, rest, path)


def _referred(books: "Books", step: str, object_id: str, path: str) -> Json:
    found = books.find(REFERENCES[step], object_id) if step in REFERENCES else None
    if found is None:
        raise _not_expandable(path)
    return present(books, found)


def _not_expandable(path: str) -> Invalid:
    return Invalid(f"This property cannot be expanded ({path}).", param="expand")
