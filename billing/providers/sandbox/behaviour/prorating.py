"""Changing what a subscription is for in the middle of a period: credit for the unused part, charge for the rest."""

from datetime import UTC, datetime

from billing.providers.sandbox.behaviour import charging, invoicing
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import invoices as shapes


def share(amount: int, part: int, whole: int) -> int:
    """amount * part / whole, rounded half away from zero."""
    rounded = (2 * abs(amount) * part + whole) // (2 * whole)
    return rounded if amount >= 0 else -rounded


def prorate(books: Books, subscription: Json, before: Json, after: Json) -> list[Json]:
    """Two pending invoice items for the change of one subscription item."""
    credit = _item(books, subscription, before, sign=-1, words="Unused time on")
    charge = _item(books, subscription, after, sign=1, words="Remaining time on")
    return [credit, charge]


def _item(books: Books, subscription: Json, item: Json, *, sign: int, words: str) -> Json:
    price = books.get("price", item["price"])
    product = books.get("product", price["product"])
    start, end = subscription["_period_start"], subscription["_period_end"]
    amount = share(sign * price["unit_amount"] * item["quantity"], end - books.now, end - start)
    day = datetime.fromtimestamp(books.now, UTC)
    made = shapes.invoice_item(
        {
            "description": f"{words} {product['name']} after {day.day} {day:%b %Y}",
            "metadata": {},
            "period": {"start": books.now, "end": end},
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
    made["discountable"] = False
    return books.add(made, "invoiceitem.created")


def invoice_now(books: Books, subscription: Json, items: list[Json]) -> Json:
    """Bill prorations at once instead of with the next renewal."""
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
    books.change(subscription)
    invoicing.enter(books, invoice, invoicing.take(books, invoice, items))
    books.announce("invoice.created", invoice)
    invoicing.finalize(books, invoice)
    if invoice["status"] == "open":
        charging.collect(books, invoice, automatic=True)
    return invoice
