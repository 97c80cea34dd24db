"""/v1/invoiceitems"""

from billing.providers.sandbox.behaviour import invoicing
from billing.providers.sandbox.behaviour.pricing import amount_of
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.paging import Listing
from billing.providers.sandbox.parameters import (
    EXPAND,
    PAGE,
    Boolean,
    Currency,
    Group,
    Integer,
    Metadata,
    Required,
    Text,
    merged,
)
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import invoices as shapes

PERIOD = {"end": Required(Integer()), "start": Required(Integer())}
CREATE = {
    "amount": Integer(),
    "currency": Currency(),
    "customer": Required(Text()),
    "description": Text(clearable=True),
    "discountable": Boolean(),
    "invoice": Text(),
    "metadata": Metadata(),
    "period": Group(PERIOD),
    "pricing": Group({"price": Required(Text())}),
    "quantity": Integer(at_least=0),
    "subscription": Text(),
    **EXPAND,
}
UPDATE = {
    "amount": Integer(),
    "description": Text(clearable=True),
    "metadata": Metadata(),
    "period": Group(PERIOD),
    **EXPAND,
}
LIST = {**PAGE, "customer": Text(), "invoice": Text(), "pending": Boolean()}


def create(books: Books, params: Json) -> Json:
    """A line of the draft that is named; without one it waits for the next invoice."""
    customer = books.get("customer", params["customer"], "customer")
    if "subscription" in params:
        books.get("subscription", params["subscription"], "subscription")
    period = params.get("period")
    if period and period["end"] < period["start"]:
        raise Invalid("The period's end must not lie before its start.", param="period[end]")
    invoice = _draft(books, params, customer["id"])
    amount, currency, priced = _worth(books, params)
    if invoice and invoice["currency"] != currency:
        raise Invalid(f"The currency of the invoice is {invoice['currency']}, not {currency}.", param="currency")
    item = shapes.invoice_item(
        params, customer=customer["id"], amount=amount, currency=currency, priced=priced, at=books.now
    )
    books.add(item, "invoiceitem.created")
    if invoice:
        invoicing.amend(books, invoice, added=[shapes.item_line(invoice["id"], item)])
    return item


def _draft(books: Books, params: Json, customer_id: str) -> Json | None:
    if "invoice" not in params:
        return None
    invoice = books.get("invoice", params["invoice"], "invoice")
    if invoice["customer"] != customer_id:
        raise Invalid("The invoice belongs to another customer.", param="invoice")
    invoicing.must_be_draft(invoice)
    return invoice


def _worth(books: Books, params: Json) -> tuple[int, str, Json | None]:
    """Amount and currency: as given, or a one-time price times the quantity."""
    if ("amount" in params) == ("pricing" in params):
        raise Invalid("Say either `amount` or `pricing[price]`.", code="parameter_missing", param="amount")
    if "amount" in params:
        if "currency" not in params:
            raise Invalid("Missing required param: currency.", code="parameter_missing", param="currency")
        return params["amount"], params["currency"], None
    price = books.get("price", params["pricing"]["price"], "pricing[price]")
    if price["recurring"]:
        raise Invalid("An invoice item takes only one-time prices.", param="pricing[price]")
    return amount_of(price, params.get("quantity", 1)), price["currency"], shapes.pricing(price)


def retrieve(books: Books, params: Json, item_id: str) -> Json:
    """One item."""
    return books.get("invoiceitem", item_id)


def update(books: Books, params: Json, item_id: str) -> Json:
    """An item that is not on a final invoice."""
    item = books.get("invoiceitem", item_id)
    invoice = _editable_invoice(books, item)
    for name in ("amount", "description", "period"):
        if name in params:
            item[name] = params[name]
    item["net_amount"] = item["amount"]
    if "metadata" in params:
        item["metadata"] = merged(item["metadata"], params["metadata"])
    books.change(item, "invoiceitem.updated")
    if invoice:
        _strike_line(books, item)
        invoicing.amend(books, invoice, added=[shapes.item_line(invoice["id"], item)])
    return item


def delete(books: Books, params: Json, item_id: str) -> Json:
    """Take an item back, from its draft too."""
    item = books.get("invoiceitem", item_id)
    invoice = _editable_invoice(books, item)
    books.announce("invoiceitem.deleted", item)
    books.strike(item)
    if invoice:
        _strike_line(books, item)
        invoicing.amend(books, invoice, added=[])
    return {"id": item_id, "object": "invoiceitem", "deleted": True}


def _editable_invoice(books: Books, item: Json) -> Json | None:
    if not item["invoice"]:
        return None
    invoice = books.get("invoice", item["invoice"])
    invoicing.must_be_draft(invoice)
    return invoice


def _strike_line(books: Books, item: Json) -> None:
    for line in books.all("line_item", invoice=item["invoice"]):
        details = line["parent"]["invoice_item_details"] or line["parent"]["subscription_item_details"]
        if details["invoice_item"] == item["id"]:
            books.strike(line)


def listing(books: Books, params: Json) -> Listing:
    """Items, by customer, by invoice, or those that wait."""
    wanted = {name: params[name] for name in ("customer", "invoice") if name in params}
    rows = books.rows("invoiceitem", **wanted)
    if "pending" in params:
        rows = rows.filter(invoice="") if params["pending"] else rows.exclude(invoice="")
    return Listing(rows)
