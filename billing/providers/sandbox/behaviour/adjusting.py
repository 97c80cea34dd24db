"""A customer's balance: each change is an entry of its own. Below nothing it is credit, which invoices use first."""

from billing.providers.sandbox.books import Books
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import credit_notes as shapes


def enter(books: Books, customer: Json, kind: str, amount: int, **told: Json | str | None) -> Json:
    """Change the balance by so much, and write down why."""
    customer["balance"] += amount
    entry = shapes.balance_entry(customer, kind, amount, at=books.now, **told)
    books.add(entry)
    books.change(customer, "customer.updated")
    return entry
