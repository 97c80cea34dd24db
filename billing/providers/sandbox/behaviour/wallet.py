"""What a customer does with cards outside a checkout: replace one, pay an open invoice."""

from billing.providers.sandbox.behaviour import cards, charging
from billing.providers.sandbox.behaviour.cards import TestCard
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import customers as shapes

EXPIRY = {"exp_month": 12, "exp_year": 2099}


def ready_made(books: Books, card: TestCard, *, email: str | None, name: str | None, metadata: Json) -> Json:
    """A payment method of a test card, not yet anybody's."""
    shown = cards.shown(card.number, **EXPIRY)
    return books.add(shapes.payment_method(shown, email=email, name=name, metadata=metadata, at=books.now))


def replace_card(books: Books, customer: Json, card: TestCard) -> Json:
    """From now on everything of this customer is charged to another card; raises CardError if the bank refuses it."""
    method = ready_made(books, card, email=customer["email"], name=customer["name"], metadata={})
    refusal = cards.attach_refusal_of(method)
    if refusal:
        raise refusal.error()
    charging.attach(books, method, customer)
    customer["invoice_settings"]["default_payment_method"] = method["id"]
    books.change(customer, "customer.updated")
    for subscription in books.all("subscription", customer=customer["id"]):
        if subscription["ended_at"] is None:
            subscription["default_payment_method"] = method["id"]
            books.change(subscription, "customer.subscription.updated")
    return method
