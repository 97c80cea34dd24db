"""Changing what a subscription is for in the middle of a period: credit for the unused part, charge for the rest.

The credit is a share of what was billed for the period, discounts taken off: whoever had 20 % off gets 80 % back.
"""

from datetime import UTC, datetime

from billing.providers.sandbox.behaviour import charging, discounting, invoicing
from billing.providers.sandbox.behaviour.pricing import amount_of
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import invoices as shapes


def share(amount: int, part: int, whole: int) -> int:
    """amount * part / whole, rounded half away from zero."""
    rounded = (2 * abs(amount) * part + whole) // (2 * whole)
    return rounded if amount >= 0 else -rounded


def prorate(books: Books, subscription: Json, before: Json, after: Json, *, at: int) -> list[Json]:
    """Pending invoice items for the change of one subscription item; what costs nothing now changes for nothing."""
    if subscription["status"] == "trialing":
        return []
    made = [credit(books, subscription, before, at=at)] if before["quantity"] else []
    return [*made, _charge(books, subscription, after, at=at)] if after["quantity"] else made


def credit(books: Books, subscription: Json, item: Json, *, at: int) -> Json:
    """The unused part of what was billed for an item."""
    amount, start, end = _billed(books, subscription, item, at)
    return _item(books, subscription, item, -share(amount, end - at, end - start), at=at, words="Unused time on")


def _charge(books: Books, subscription: Json, item: Json, *, at: int) -> Json:
    price = books.get("price", item["price"])
    start, end = subscription["_period_start"], subscription["_period_end"]
    full = discounting.net(books, subscription, price, amount_of(price, item["quantity"]))
    return _item(books, subscription, item, share(full, end - at, end - start), at=at, words="Remaining time on")


def _billed(books: Books, subscription: Json, item: Json, at: int) -> tuple[int, int, int]:
    """What the present period, or what is left of it since the last change, was billed at, and from when to when."""
    end = subscription["_period_end"]
    found = [
        line
        for line in _lines_of(books, subscription, item)
        if line["amount"] >= 0 and line["period"]["end"] == end and line["period"]["start"] <= at
    ]
    if not found:
        price = books.get("price", item["price"])
        return amount_of(price, item["quantity"]), subscription["_period_start"], end
    begun = max(line["period"]["start"] for line in found)
    # Of two changes in one second the later took back what the earlier had charged.
    last = [line for line in found if line["period"]["start"] == begun][-1]
    of_last = [line for line in found if (line["period"]["start"], line["invoice"]) == (begun, last["invoice"])]
    return sum(map(_net, of_last)), begun, end


def _net(line: Json) -> int:
    amount: int = line["amount"]
    return amount - sum(int(each["amount"]) for each in line.get("discount_amounts", ()))


def _lines_of(books: Books, subscription: Json, item: Json) -> list[Json]:
    """The lines of an item, and what waits to become one."""
    of_item = []
    unpaid = _not_billed(books, subscription)
    for line in books.all("line_item", subscription=subscription["id"]):
        if line["invoice"] in unpaid:
            continue
        details = line["parent"]["subscription_item_details"]
        if details and details["subscription_item"] == item["id"]:
            of_item.append(line)
    waiting = books.all("invoiceitem", subscription=subscription["id"], invoice="")
    return of_item + [each for each in waiting if each["_subscription_item"] == item["id"]]


def _not_billed(books: Books, subscription: Json) -> set[str]:
    """Invoices that are as if they had never been, or that nobody may ever pay."""
    void = {row.object_id for row in books.rows("invoice", subscription=subscription["id"], status="void")}
    return void | {(subscription["_pending"] or {"invoice": ""})["invoice"]}


def _item(books: Books, subscription: Json, item: Json, amount: int, *, at: int, words: str) -> Json:
    price = books.get("price", item["price"])
    product = books.get("product", price["product"])
    day = datetime.fromtimestamp(at, UTC)
    made = shapes.invoice_item(
        {
            "description": f"{words} {product['name']} after {day.day} {day:%b %Y}",
            "discountable": False,
            "metadata": {},
            "period": {"start": at, "end": subscription["_period_end"]},
            "proration": True,
            "quantity": item["quantity"],
            "subscription": subscription["id"],
            "subscription_item": item["id"],
        },
        customer=subscription["customer"],
        amount=amount,
        currency=price["currency"],
        priced=shapes.pricing(price),
        at=books.now,
    )
    return books.add(made, "invoiceitem.created")


def invoice_now(
    books: Books, subscription: Json, items: list[Json], *, lines_for: list[Json] | None = None, collect: bool = True
) -> Json:
    """Bill prorations at once, and a new period's items where one begins. Only a preview is not collected."""
    invoice = shapes.invoice(
        books.get("customer", subscription["customer"]),
        reason="subscription_update",
        currency=subscription["currency"],
        period=(books.now, books.now),
        subscription=subscription,
        at=books.now,
    )
    invoice["auto_advance"] = True
    subscription["latest_invoice"] = invoice["id"]
    discounting.take(books, invoice, subscription)
    books.change(subscription)
    new = invoicing.base_lines(books, invoice["id"], subscription, lines_for) if lines_for else []
    invoicing.enter(books, invoice, [*invoicing.take(books, invoice, items), *new])
    if not collect:
        return invoice
    books.announce("invoice.created", invoice)
    invoicing.finalize(books, invoice)
    if invoice["status"] == "open":
        charging.collect(books, invoice, automatic=True)
    return invoice
