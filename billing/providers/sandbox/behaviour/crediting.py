"""Credit notes: an open invoice asks for less; of a paid one money goes back, or becomes the customer's credit."""

from billing.providers.sandbox.behaviour import adjusting, charging, closing, refunding
from billing.providers.sandbox.behaviour.prorating import share
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import credit_notes as shapes


def issue(books: Books, invoice: Json, params: Json) -> Json:
    """Lower a final invoice by an amount, taxes included."""
    amount = _checked(invoice, params)
    number = len(books.all("credit_note", invoice=invoice["id"])) + 1
    taxes = [{**tax, "amount": share(tax["amount"], amount, invoice["total"])} for tax in invoice["total_taxes"]]
    note = shapes.credit_note(
        invoice, amount, taxes, params, number=f"{invoice['number']}-CN-{number:02d}", at=books.now
    )
    if invoice["status"] == "open":
        _lower(books, invoice, amount)
        note.update(type="pre_payment", pre_payment_amount=amount)
    else:
        _give_back(books, invoice, note, amount, params)
    books.add(note, "credit_note.created")
    return note


def _checked(invoice: Json, params: Json) -> int:
    if invoice["status"] not in ("open", "paid", "uncollectible"):
        raise Invalid(f"You cannot create a credit note for an invoice that is {invoice['status']}.", param="invoice")
    amount = int(params["amount"])
    left = invoice["total"] - invoice["pre_payment_credit_notes_amount"] - invoice["post_payment_credit_notes_amount"]
    if invoice["status"] != "paid":
        left = min(left, invoice["amount_remaining"])
    if amount > left:
        raise Invalid(
            f"The credit note's amount must not be above what is left of the invoice: {left}.", param="amount"
        )
    back = sum(params.get(name, 0) for name in ("refund_amount", "credit_amount", "out_of_band_amount"))
    wanted = amount if invoice["status"] == "paid" else 0
    if back != wanted:
        raise Invalid(
            f"The sum of refund_amount, credit_amount and out_of_band_amount must be {wanted}, not {back}.",
            param="refund_amount",
        )
    return amount


def _lower(books: Books, invoice: Json, amount: int) -> None:
    invoice["pre_payment_credit_notes_amount"] += amount
    invoice["amount_due"] -= amount
    invoice["amount_remaining"] -= amount
    if invoice["amount_remaining"]:
        payment, intent = charging.intent_of(books, invoice)
        payment["amount_requested"] = invoice["amount_remaining"]
        books.change(payment)
        books.change({**intent, "amount": invoice["amount_remaining"]})
        books.change(invoice, "invoice.updated")
        return
    closing.withdraw_payment(books, invoice)
    charging.settle(books, invoice)


def _give_back(books: Books, invoice: Json, note: Json, amount: int, params: Json) -> None:
    note.update(type="post_payment", post_payment_amount=amount)
    if params.get("refund_amount"):
        made = refunding.refund(books, _charge_of(books, invoice), params["refund_amount"], {})
        note["refunds"] = [
            {"amount_refunded": made["amount"], "payment_record_refund": None, "refund": made["id"], "type": "refund"}
        ]
    if params.get("credit_amount"):
        note["customer_balance_transaction"] = _credit(books, note, params["credit_amount"])["id"]
    invoice["post_payment_credit_notes_amount"] += amount
    books.change(invoice, "invoice.updated")


def _charge_of(books: Books, invoice: Json) -> Json:
    for payment in books.all("invoice_payment", invoice=invoice["id"]):
        if payment["status"] == "paid":
            return books.get("charge", books.get("payment_intent", payment["_payment_intent"])["latest_charge"])
    raise Invalid("The invoice was not paid by a payment that could be refunded.", param="refund_amount")


def _credit(books: Books, note: Json, amount: int) -> Json:
    customer = books.get("customer", note["customer"])
    customer["currency"] = customer["currency"] or note["currency"]
    return adjusting.enter(books, customer, "credit_note", -amount, credit_note=note["id"], invoice=note["invoice"])
