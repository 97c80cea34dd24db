"""The end of a subscription."""

from billing.providers.sandbox.behaviour import closing
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.shapes import Json


def end(books: Books, subscription: Json, *, reason: str | None) -> Json:
    """The subscription is over, and nobody asks for its open invoices any more."""
    closing.discard(books, subscription)
    details = subscription["cancellation_details"]
    subscription.update(
        status="canceled",
        ended_at=books.now,
        canceled_at=subscription["canceled_at"] or books.now,
        cancellation_details={**details, "reason": details["reason"] or reason},
    )
    for row in books.rows("invoice", subscription=subscription["id"], status__in=("draft", "open")):
        invoice = row.data
        invoice.update(auto_advance=False, automatically_finalizes_at=None, next_payment_attempt=None)
        books.change(invoice)
    books.change(subscription)
    books.announce("customer.subscription.deleted", subscription)
    return subscription
