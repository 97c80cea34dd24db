"""Invoices that nobody asks for any more, and what ends with them."""

from billing.providers.sandbox.behaviour import adjusting, pending
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.shapes import Json

# Of these the bank knows the outcome, or is about to tell it.
DECIDED = ("processing", "succeeded", "canceled")


def close(books: Books, invoice: Json, status: str) -> Json:
    """Ask for the money no longer: void or uncollectible. Void is as if it had never been asked for."""
    invoice.update(status=status, auto_advance=False, automatically_finalizes_at=None, next_payment_attempt=None)
    transition, event = {
        "void": ("voided_at", "invoice.voided"),
        "uncollectible": ("marked_uncollectible_at", "invoice.marked_uncollectible"),
    }[status]
    invoice["status_transitions"][transition] = books.now
    if status == "void":
        withdraw_payment(books, invoice)
        _give_balance_back(books, invoice)
    books.change(invoice, event)
    if status == "void":
        pending.forget(books, invoice)
    return invoice


def _give_balance_back(books: Books, invoice: Json) -> None:
    """The credit that lowered it is the customer's again; one who was deleted has no balance any more."""
    used = (invoice["ending_balance"] or 0) - invoice["starting_balance"]
    customer = books.get("customer", invoice["customer"])
    if invoice["ending_balance"] is not None and used and not customer.get("deleted"):
        adjusting.enter(books, customer, "unapplied_from_invoice", -used, invoice=invoice["id"])


def withdraw_payment(books: Books, invoice: Json) -> None:
    """Nobody can pay for it any more, neither by a card nor on the bank's page."""
    for payment in books.all("invoice_payment", invoice=invoice["id"]):
        intent = books.get("payment_intent", payment["_payment_intent"])
        if intent["status"] in DECIDED:
            continue
        intent.update(status="canceled", canceled_at=books.now, cancellation_reason="void_invoice", next_action=None)
        books.change(intent, "payment_intent.canceled")
        payment["status"] = "canceled"
        payment["status_transitions"]["canceled_at"] = books.now
        books.change(payment)


def discard(books: Books, subscription: Json) -> None:
    """What waited to be paid does not come any more: something else took its place, or its time is over."""
    plan = subscription["_pending"]
    if plan:
        subscription.update(pending_update=None, _pending=None)
        close(books, books.get("invoice", plan["invoice"]), "void")
