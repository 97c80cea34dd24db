"""Disputes: the payer's bank takes a charge back, and keeps it unless it is convinced in time."""

from billing.providers.sandbox.behaviour import balance
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import money as shapes
from billing.providers.sandbox.timetable import DAY

ANSWER_DAYS = 9
# What Stripe's test mode takes for evidence that wins, and that loses.
WINNING, LOSING = "winning_evidence", "losing_evidence"
FEE_NAME = "Dispute fee"
OPEN = ("needs_response", "under_review")


def begin(books: Books, charge: Json, reason: str) -> Json:
    """The amount and a fee are taken at once."""
    charge["disputed"] = True
    books.change(charge, "charge.updated")
    dispute = shapes.dispute(charge, reason, answer_by=books.now + ANSWER_DAYS * DAY, at=books.now)
    books.add(dispute)
    _move(books, dispute, amount=-dispute["amount"], fee=balance.DISPUTE_FEE)
    books.change(dispute)
    books.announce("charge.dispute.created", dispute)
    books.announce("charge.dispute.funds_withdrawn", dispute)
    return dispute


def _move(books: Books, dispute: Json, *, amount: int, fee: int) -> None:
    moved = balance.enter(books, "adjustment", dispute, amount=amount, fee=fee, fee_name=FEE_NAME)
    dispute["balance_transactions"] = [*dispute["balance_transactions"], moved]


def answer(books: Books, dispute: Json, text: str | None) -> Json:
    """Evidence was handed in: in test mode its text decides at once; anything else is looked at."""
    dispute["evidence_details"].update(
        has_evidence=True, submission_count=dispute["evidence_details"]["submission_count"] + 1
    )
    if text == WINNING:
        return decide(books, dispute, won=True)
    if text == LOSING:
        return decide(books, dispute, won=False)
    dispute["status"] = "under_review"
    return books.change(dispute, "charge.dispute.updated")


def decide(books: Books, dispute: Json, *, won: bool) -> Json:
    """Won: amount and fee come back. Lost: they stay where they are."""
    dispute["status"] = "won" if won else "lost"
    if won:
        _move(books, dispute, amount=dispute["amount"], fee=-balance.DISPUTE_FEE)
        books.change(dispute)
        books.announce("charge.dispute.funds_reinstated", dispute)
    books.change(dispute)
    books.announce("charge.dispute.closed", dispute)
    return dispute


def lapse(books: Books, dispute: Json) -> None:
    """Nobody answered in time; or the bank has looked at it, and keeps the money."""
    dispute["evidence_details"]["past_due"] = not dispute["evidence_details"]["has_evidence"]
    decide(books, dispute, won=False)
