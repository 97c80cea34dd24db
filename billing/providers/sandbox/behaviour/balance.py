"""The account's balance: each movement once, with what Stripe keeps of it."""

from billing.providers.sandbox.books import Books
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import money as shapes

# 2.9 % and 30 for a card; 0.8 %, at most 500, for a debit of a bank account. Kept when the money goes back.
CARD_PER_MILLE, CARD_FIXED = 29, 30
DEBIT_PER_MILLE, DEBIT_MOST = 8, 500
DISPUTE_FEE = 1_500


def fee_for(amount: int, method_type: str) -> int:
    """What Stripe keeps of a payment, rounded half up."""
    per_mille = CARD_PER_MILLE if method_type == "card" else DEBIT_PER_MILLE
    share = (amount * per_mille + 500) // 1000
    return share + CARD_FIXED if method_type == "card" else min(share, DEBIT_MOST)


def enter(books: Books, kind: str, source: Json, *, amount: int, fee: int = 0, fee_name: str = "") -> Json:
    """One movement."""
    return books.add(shapes.balance_transaction(kind, source, amount=amount, fee=fee, fee_name=fee_name, at=books.now))
