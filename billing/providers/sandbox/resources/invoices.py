"""/v1/invoices"""

from billing.providers.sandbox import identifiers
from billing.providers.sandbox.behaviour import changing, charging, closing, discounting, invoicing, periods
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.paging import Listing
from billing.providers.sandbox.parameters import (
    EXPAND,
    PAGE,
    PLAIN_PAGE,
    Boolean,
    Choice,
    Currency,
    Group,
    Integer,
    Many,
    Metadata,
    Now,
    Required,
    Text,
    merged,
)
from billing.providers.sandbox.resources.customers import must_belong
from billing.providers.sandbox.resources.subscriptions import DISCOUNT, ITEM, PRORATION
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import invoices as shapes
from billing.providers.sandbox.timetable import DRAFT_SECONDS

FIELDS = {
    "auto_advance": Boolean(),
    "collection_method": Choice(("charge_automatically",)),
    "default_payment_method": Text(),
    "description": Text(longest=1500, clearable=True),
    "footer": Text(clearable=True),
    "metadata": Metadata(),
    **EXPAND,
}
CREATE = {
    **FIELDS,
    "currency": Currency(),
    "customer": Required(Text()),
    "pending_invoice_items_behavior": Choice(("exclude", "include")),
    "subscription": Text(),
}
UPDATE = FIELDS
FINALIZE = {"auto_advance": Boolean(), **EXPAND}
PAY = {"off_session": Boolean(), "paid_out_of_band": Boolean(), "payment_method": Text(), **EXPAND}
CHANGE = {
    "items": Many(Group({**ITEM, "deleted": Boolean(), "id": Text()}), longest=20),
    "proration_behavior": PRORATION,
    "proration_date": Integer(),
    "trial_end": Now(),
}
PREVIEW = {
    "customer": Text(),
    "discounts": Many(Group(DISCOUNT), longest=20),
    "subscription": Text(),
    "subscription_details": Group(CHANGE),
    **EXPAND,
}
STATES = ("draft", "open", "paid", "uncollectible", "void")
LIST = {
    **PAGE,
    "collection_method": Choice(("charge_automatically",)),
    "customer": Text(),
    "status": Choice(STATES),
    "subscription": Text(),
}
LINES = PLAIN_PAGE


def create(books: Books, params: Json) -> Json:
    """A draft: empty, or of what waits for this customer (or only for one subscription of theirs)."""
    customer = books.get("customer", params["customer"], "customer")
    subscription = None
    if "subscription" in params:
        subscription = books.get("subscription", params["subscription"], "subscription")
    currency = params.get("currency") or (subscription or {}).get("currency") or customer["currency"] or "usd"
    invoice = shapes.invoice(
        customer,
        reason="manual",
        currency=currency,
        period=(books.now, books.now),
        subscription=subscription,
        at=books.now,
    )
    _apply(books, invoice, params)
    lines = []
    if params.get("pending_invoice_items_behavior") == "include":
        of = (subscription["id"] if subscription else "",)
        waiting = invoicing.pending_items(books, customer["id"], currency, subscriptions=of)
        lines = invoicing.take(books, invoice, waiting)
    invoicing.enter(books, invoice, lines)
    books.announce("invoice.created", invoice)
    return invoice


def _apply(books: Books, invoice: Json, params: Json) -> None:
    """What may be said of a draft when it is made and afterwards."""
    for name in ("default_payment_method", "description", "footer"):
        if name in params:
            invoice[name] = params[name]
    if params.get("default_payment_method"):
        method = books.get("payment_method", params["default_payment_method"], "default_payment_method")
        must_belong(method, invoice["customer"], "default_payment_method")
    if "metadata" in params:
        invoice["metadata"] = merged(invoice["metadata"], params["metadata"])
    if "auto_advance" in params:
        invoice["auto_advance"] = params["auto_advance"]
        if invoice["status"] == "draft":
            finalizes_at = books.now + DRAFT_SECONDS if params["auto_advance"] else None
            invoice["automatically_finalizes_at"] = finalizes_at


def retrieve(books: Books, params: Json, invoice_id: str) -> Json:
    """One invoice."""
    return books.get("invoice", invoice_id)


def update(books: Books, params: Json, invoice_id: str) -> Json:
    """Drafts are editable; of a final invoice only the metadata and how it is collected."""
    invoice = books.get("invoice", invoice_id)
    if params.keys() - {"metadata", "auto_advance", "default_payment_method", "expand"}:
        invoicing.must_be_draft(invoice)
    _apply(books, invoice, params)
    return books.change(invoice, "invoice.updated")


def delete(books: Books, params: Json, invoice_id: str) -> Json:
    """Only a draft that no subscription made can go; its items wait again."""
    invoice = books.get("invoice", invoice_id)
    invoicing.must_be_draft(invoice)
    if invoice["billing_reason"] != "manual":
        raise Invalid("You can only delete one-off invoices.")
    for item in books.all("invoiceitem", invoice=invoice_id):
        books.change({**item, "invoice": None})
    for line in books.all("line_item", invoice=invoice_id):
        books.strike(line)
    books.announce("invoice.deleted", invoice)
    books.strike(invoice)
    return {"id": invoice_id, "object": "invoice", "deleted": True}


def finalize(books: Books, params: Json, invoice_id: str) -> Json:
    """Make a draft final. One that advances by itself is charged an hour later, unless it is paid before."""
    invoice = books.get("invoice", invoice_id)
    if invoice["status"] != "draft":
        raise Invalid(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.", code="invoice_not_editable"
        )
    invoice["auto_advance"] = params.get("auto_advance", invoice["auto_advance"])
    invoicing.finalize(books, invoice)
    if invoice["status"] == "open" and invoice["auto_advance"]:
        invoice["next_payment_attempt"] = books.now + DRAFT_SECONDS
        books.change(invoice)
    return invoice


def pay(books: Books, params: Json, invoice_id: str) -> Json:
    """Charge an open invoice now; a draft is made final first."""
    invoice = books.get("invoice", invoice_id)
    if invoice["status"] == "draft":
        invoicing.finalize(books, invoice)
        if invoice["status"] == "paid":
            return invoice
    if invoice["status"] != "open":
        raise Invalid(f"Invoice is already {invoice['status']}")
    if params.get("paid_out_of_band"):
        charging.settle(books, invoice)
        return invoice
    method = None
    if "payment_method" in params:
        method = books.get("payment_method", params["payment_method"], "payment_method")
        must_belong(method, invoice["customer"], "payment_method")
    refusal = charging.collect(books, invoice, method)
    if refusal:
        raise refusal.error()
    return invoice


def void(books: Books, params: Json, invoice_id: str) -> Json:
    """An open invoice that turned out wrong."""
    return _closed(books, invoice_id, "void")


def mark_uncollectible(books: Books, params: Json, invoice_id: str) -> Json:
    """An open invoice that nobody will pay."""
    return _closed(books, invoice_id, "uncollectible")


def _closed(books: Books, invoice_id: str, status: str) -> Json:
    invoice = books.get("invoice", invoice_id)
    if invoice["status"] not in ("open", "uncollectible"):
        raise Invalid(f"You can only do this with open invoices. This invoice is {invoice['status']}.")
    return closing.close(books, invoice, status)


def listing(books: Books, params: Json) -> Listing:
    """Invoices, by customer, subscription and status."""
    wanted = {name: params[name] for name in ("customer", "status", "subscription") if name in params}
    return Listing(books.rows("invoice", **wanted))


def lines(books: Books, params: Json, invoice_id: str) -> Listing:
    """All lines, in their order."""
    books.get("invoice", invoice_id)
    return Listing(books.rows("line_item", invoice=invoice_id), oldest_first=True)


def preview(books: Books, params: Json) -> Json:
    """The invoice that a change would make at once, or the next renewal with what waits. Nothing of it is kept."""
    subscription = _to_preview(books, params)
    details = params.get("subscription_details") or {}
    if "discounts" in params:
        details = {**details, "discounts": params["discounts"]}
    with books.rehearsal():
        invoice = changing.change(books, subscription, details, collect=False) if details else None
        if invoice is None:
            invoice = _upcoming(books, books.get("subscription", subscription["id"]))
        else:
            invoice["_lines"] = books.all("line_item", invoice=invoice["id"])
        invoice["id"] = identifiers.new("upcoming_in")
    return invoice


def _upcoming(books: Books, subscription: Json) -> Json:
    """The next renewal as it would be now."""
    customer = books.get("customer", subscription["customer"])
    items = books.all("subscription_item", subscription=subscription["id"])
    recurring = books.get("price", items[0]["price"])["recurring"]
    start = subscription["_period_end"]
    end = periods.following(subscription["billing_cycle_anchor"], recurring, start)
    invoice = shapes.invoice(
        customer,
        reason="upcoming",
        currency=subscription["currency"],
        period=(subscription["_period_start"], start),
        subscription=subscription,
        at=start,
    )
    discounting.take(books, invoice, subscription)
    coming = [{**item, "current_period_start": start, "current_period_end": end} for item in items]
    of = ("", subscription["id"])
    waiting = invoicing.pending_items(books, customer["id"], subscription["currency"], subscriptions=of)
    invoice["_lines"] = [
        *invoicing.base_lines(books, invoice["id"], subscription, coming),
        *(shapes.item_line(invoice["id"], item) for item in waiting),
    ]
    return invoicing.reckon(books, invoice, invoice["_lines"])


def _to_preview(books: Books, params: Json) -> Json:
    """The subscription asked for, or the customer's only one."""
    if "subscription" in params:
        subscription = books.get("subscription", params["subscription"], "subscription")
        running = [subscription] if subscription["ended_at"] is None else []
    else:
        books.get("customer", params.get("customer", ""), "customer")
        running = [each for each in books.all("subscription", customer=params["customer"]) if each["ended_at"] is None]
    ends = running and running[0]["cancel_at_period_end"] and "subscription_details" not in params
    if len(running) != 1 or ends:
        raise Invalid("No upcoming invoices for customer.", code="invoice_upcoming_none")
    return running[0]
