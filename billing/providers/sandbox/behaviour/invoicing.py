"""Invoices: lines, totals, finalisation."""

from collections.abc import Iterable

from django.conf import settings

from billing.providers.sandbox.behaviour import adjusting, charging, discounting, taxing
from billing.providers.sandbox.behaviour.pricing import amount_of, described, parts_of
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import invoices as shapes


def base_lines(books: Books, invoice_id: str, subscription: Json, items: list[Json]) -> list[Json]:
    """The lines of each item of a subscription, for the item's present period: one, or one for each tier."""
    lines = []
    for item in items:
        price = books.get("price", item["price"])
        name = books.get("product", price["product"])["name"]
        period = item["current_period_start"], item["current_period_end"]
        lines += [
            shapes.subscription_line(
                invoice_id, subscription, item, price, part, period=period, description=described(price, part, name)
            )
            for part in parts_of(price, item["quantity"])
        ]
    return lines


def once_lines(books: Books, invoice: Json, wishes: list[Json]) -> list[Json]:
    """Lines for prices that are paid once: on a subscription's first invoice, or on that of a single purchase."""
    lines = []
    for wish in wishes:
        price = books.get("price", wish["price"])
        name = books.get("product", price["product"])["name"]
        made = shapes.invoice_item(
            {
                "description": name,
                "invoice": invoice["id"],
                "quantity": wish["quantity"],
                "subscription": invoice["_subscription"],
            },
            customer=invoice["customer"],
            amount=amount_of(price, wish["quantity"]),
            currency=price["currency"],
            priced=shapes.pricing(price),
            at=books.now,
        )
        books.add(made, "invoiceitem.created")
        lines.append(shapes.item_line(invoice["id"], made))
    return lines


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


def reckon(books: Books, invoice: Json, lines: list[Json]) -> Json:
    """Totals from lines: discounts, then taxes. The customer's balance is used up first: credit lowers what is due."""
    discounting.apply(books, discounting.of_invoice(books, invoice), lines)
    taxing.apply(books, invoice, lines)
    subtotal = sum(line["amount"] for line in lines)
    taken = _sums(each for line in lines for each in line["discount_amounts"])
    invoice.update(taxing.totals(lines))
    net = subtotal - sum(taken.values())
    invoice.update(
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal - invoice["_tax_included"],
        total=net + invoice["_tax_added"],
        total_excluding_tax=net - invoice["_tax_included"],
        total_discount_amounts=[{"amount": amount, "discount": discount} for discount, amount in taken.items()],
        total_pretax_credit_amounts=[
            {"amount": amount, "discount": discount, "type": "discount"} for discount, amount in taken.items()
        ],
    )
    due = max(0, invoice["total"] + invoice["starting_balance"])
    invoice["amount_due"] = invoice["amount_remaining"] = due
    return invoice


def _sums(amounts: Iterable[Json]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for each in amounts:
        sums[each["discount"]] = sums.get(each["discount"], 0) + each["amount"]
    return sums


def enter(books: Books, invoice: Json, lines: list[Json]) -> Json:
    """Write a new draft with its lines. Its event is the caller's, who knows what else belongs before it."""
    reckon(books, invoice, lines)
    for line in lines:
        books.add(line)
    return books.add(invoice)


def amend(books: Books, invoice: Json, *, added: list[Json], event: str = "invoice.updated") -> Json:
    """Add lines to a draft."""
    lines = [*books.all("line_item", invoice=invoice["id"]), *added]
    return books.change(reckon(books, invoice, lines), event, also=lines)


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
    reckon(books, invoice, books.all("line_item", invoice=invoice["id"]))
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
    customer.update(next_invoice_sequence=sequence + 1, currency=customer["currency"] or invoice["currency"])
    books.change(customer)
    if left_over != balance:
        adjusting.enter(books, customer, "applied_to_invoice", left_over - balance, invoice=invoice["id"])
    books.change(invoice, "invoice.finalized")
    if invoice["amount_due"]:
        charging.expect(books, invoice)
    else:
        charging.settle(books, invoice)
    return invoice
