"""Invoices: lines, totals, finalisation."""

from django.conf import settings

from billing.providers.sandbox.behaviour import charging
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.money import amount_text
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import invoices as shapes


def base_lines(books: Books, invoice_id: str, subscription: Json, items: list[Json]) -> list[Json]:
    """A line for each item of a subscription, for the item's present period."""
    lines = []
    for item in items:
        price = books.get("price", item["price"])
        product = books.get("product", price["product"])
        line = shapes.subscription_line(
            invoice_id,
            subscription,
            item,
            price,
            period=(item["current_period_start"], item["current_period_end"]),
            description=_describe(item, product, price),
        )
        lines.append(line)
    return lines


def _describe(item: Json, product: Json, price: Json) -> str:
    each = amount_text(price["unit_amount"], price["currency"])
    return f"{item['quantity']} × {product['name']} (at {each} / {_interval(price['recurring'])})"  # noqa: RUF001


def _interval(recurring: Json) -> str:
    interval, count = recurring["interval"], recurring["interval_count"]
    return f"{interval}" if count == 1 else f"every {count} {interval}s"


def pending_items(books: Books, customer: str, currency: str, *, subscriptions: tuple[str, ...]) -> list[Json]:
    """What waits to be invoiced: a customer's items that belong to no invoice yet. "" means: to no subscription."""
    rows = books.rows("invoiceitem", customer=customer, invoice="", subscription__in=subscriptions)
    return [row.data for row in rows if row.data["currency"] == currency]


def take(books: Books, invoice: Json, items: list[Json]) -> list[Json]:
    """Make pending items lines of a draft."""
    lines = []
    for item in items:
        item["invoice"] = invoice["id"]
        books.change(item)
        lines.append(shapes.item_line(invoice["id"], item))
    return lines


def reckon(invoice: Json, lines: list[Json]) -> Json:
    """Totals from lines. The customer's balance is used up first: credit lowers what is due, a debt raises it."""
    total = sum(line["amount"] for line in lines)
    due = max(0, total + invoice["starting_balance"])
    for name in ("subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax"):
        invoice[name] = total
    invoice["amount_due"] = invoice["amount_remaining"] = due
    return invoice


def enter(books: Books, invoice: Json, lines: list[Json]) -> Json:
    """Write a new draft with its lines. Its event is the caller's, who knows what else belongs before it."""
    for line in lines:
        books.add(line)
    return books.add(reckon(invoice, lines))


def amend(books: Books, invoice: Json, *, added: list[Json], event: str = "invoice.updated") -> Json:
    """Add lines to a draft."""
    lines = [*books.all("line_item", invoice=invoice["id"]), *added]
    return books.change(reckon(invoice, lines), event, also=added)


def must_be_draft(invoice: Json) -> None:
    """Refuse to edit what is final."""
    if invoice["status"] != "draft":
        raise Invalid(
            f"Invoice {invoice['id']} is no longer editable: it is {invoice['status']}.",
            code="invoice_not_editable",
            param="invoice",
        )


def finalize(books: Books, invoice: Json) -> Json:
    """Number the draft and ask for its money; one that asks for nothing is paid at once."""
    customer = books.get("customer", invoice["customer"])
    sequence, balance = customer["next_invoice_sequence"], customer["balance"]
    # Another invoice may have used the balance up since the draft was made.
    invoice["starting_balance"] = balance
    reckon(invoice, books.all("line_item", invoice=invoice["id"]))
    left_over = min(0, invoice["total"] + balance)
    invoice.update(
        status="open",
        number=f"{customer['invoice_prefix']}-{sequence:04d}",
        automatically_finalizes_at=None,
        effective_at=books.now,
        ending_balance=left_over,
        hosted_invoice_url=f"{settings.BASE_URL}/sandbox/customers/{customer['id']}#{invoice['id']}",
    )
    invoice["status_transitions"]["finalized_at"] = books.now
    customer.update(
        next_invoice_sequence=sequence + 1, balance=left_over, currency=customer["currency"] or invoice["currency"]
    )
    books.change(customer, "customer.updated" if left_over != balance else "")
    books.change(invoice, "invoice.finalized")
    if invoice["amount_due"]:
        charging.expect(books, invoice)
    else:
        charging.settle(books, invoice)
    return invoice


def close(books: Books, invoice: Json, status: str) -> Json:
    """Ask for the money no longer: void or uncollectible."""
    invoice.update(status=status, auto_advance=False, automatically_finalizes_at=None, next_payment_attempt=None)
    transition, event = {
        "void": ("voided_at", "invoice.voided"),
        "uncollectible": ("marked_uncollectible_at", "invoice.marked_uncollectible"),
    }[status]
    invoice["status_transitions"][transition] = books.now
    return books.change(invoice, event)
