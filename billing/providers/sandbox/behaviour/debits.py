"""A debit's end: days after it began the bank pays or does not, and whoever waited for it is told."""

from billing.providers.sandbox.behaviour import cards, charging, closing, paying
from billing.providers.sandbox.behaviour.refusals import Refusal
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.shapes import Json


def settle(books: Books, intent: Json) -> None:
    """The bank has answered."""
    made = books.get("charge", intent["latest_charge"])
    method = books.get("payment_method", made["payment_method"])
    refusal = cards.debit_refusal_of(method)
    if refusal:
        paying.fail(books, intent, made, method, refusal, is_new=False)
    else:
        paying.succeed(books, intent, made, method, is_new=False)
    tell(books, intent, refusal)


def tell(books: Books, intent: Json, refusal: Refusal | None) -> None:
    """The invoice that the intent collects, and the checkout that it began in."""
    for payment in books.all("invoice_payment", payment_intent=intent["id"]):
        invoice = books.get("invoice", payment["invoice"])
        if refusal:
            charging.not_collected(books, invoice, refusal, automatic=True)
        else:
            charging.paid(books, invoice, payment, intent)
        sessions = books.all("checkout.session", invoice=invoice["id"])
        _tell_sessions(books, sessions, refusal)
        if refusal and any(session["mode"] == "payment" for session in sessions):
            # What was to be paid once on a page was not bought: nobody asks for it again.
            closing.close(books, invoice, "void")
    _tell_sessions(books, books.all("checkout.session", payment_intent=intent["id"]), refusal)


def _tell_sessions(books: Books, sessions: list[Json], refusal: Refusal | None) -> None:
    for session in sessions:
        if session["status"] == "complete" and session["payment_status"] == "unpaid":
            session["payment_status"] = "unpaid" if refusal else "paid"
            books.change(session)
            outcome = "failed" if refusal else "succeeded"
            books.announce(f"checkout.session.async_payment_{outcome}", session)
