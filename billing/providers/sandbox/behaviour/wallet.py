"""What a customer does with payment methods outside a checkout: save one, have another charged."""

from billing.providers.sandbox.behaviour import banks, cards, paying
from billing.providers.sandbox.behaviour.banks import TestAccount
from billing.providers.sandbox.behaviour.cards import TestCard
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import customers as shapes

EXPIRY = {"exp_month": 12, "exp_year": 2099}


def ready_made(books: Books, found: TestCard | TestAccount, *, email: str | None, name: str | None) -> Json:
    """A payment method of a test card or account, not yet anybody's."""
    if isinstance(found, TestAccount):
        shown, kind = shapes.bank_account(found.kind, found.number, banks.fingerprint(found.number)), found.kind
    else:
        shown, kind = cards.shown(found.number, **EXPIRY), "card"
    made = shapes.payment_method(shown, email=email, name=name, metadata={}, at=books.now, kind=kind)
    return books.add(made)


def by_token(token: str) -> TestCard | TestAccount | None:
    """The ready-made card or account of this name."""
    return cards.BY_TOKEN.get(token) or banks.BY_TOKEN.get(token)


def replace_card(books: Books, customer: Json, found: TestCard | TestAccount, *, confirmed: bool = False) -> Json:
    """From now on everything of this customer is charged to another; raises CardError if the bank refuses it."""
    method = ready_made(books, found, email=customer["email"], name=customer["name"])
    refusal = cards.attach_refusal_of(method)
    if refusal:
        raise refusal.error()
    method["_confirmed"] = confirmed
    paying.attach(books, method, customer)
    make_default(books, customer, method)
    return method


def make_default(books: Books, customer: Json, method: Json) -> None:
    """The customer's default, and that of each running subscription."""
    customer["invoice_settings"]["default_payment_method"] = method["id"]
    books.change(customer, "customer.updated")
    for subscription in books.all("subscription", customer=customer["id"]):
        if subscription["ended_at"] is None:
            subscription["default_payment_method"] = method["id"]
            books.change(subscription, "customer.subscription.updated")
