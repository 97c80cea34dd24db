"""Refunds: by card at once, to a bank account in some days; some fail after all."""

from billing.providers.sandbox.behaviour import balance, cards
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.money import amount_text
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import money as shapes
from billing.providers.sandbox.timetable import DAY

BANK_DAYS, FAILS_AFTER_DAYS = 5, 1


def refund(books: Books, charge: Json, amount: int | None, params: Json) -> Json:
    """Send back so much of a charge, or all that is left of it; what Stripe kept stays kept."""
    amount = _checked(charge, amount)
    made = shapes.refund(charge, amount, params, at=books.now)
    if charge["payment_method_details"]["type"] != "card":
        made.update(status="pending", pending_reason="processing", _settles_at=books.now + BANK_DAYS * DAY)
    elif _will_fail(books, charge):
        made["_settles_at"] = books.now + FAILS_AFTER_DAYS * DAY
    made["balance_transaction"] = balance.enter(books, "refund", made, amount=-amount)["id"]
    _count(charge, amount)
    books.add(made, "refund.created")
    books.change(charge, "charge.refunded")
    return made


def _checked(charge: Json, amount: int | None) -> int:
    left = charge["amount_captured"] - charge["amount_refunded"]
    if charge["status"] != "succeeded":
        raise Invalid("This payment has not succeeded: there is nothing to refund.", code="charge_not_refundable")
    if charge["disputed"]:
        raise Invalid(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if not left:
        raise Invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount is not None and amount > left:
        asked, there = (amount_text(each, charge["currency"]) for each in (amount, left))
        raise Invalid(f"Refund amount ({asked}) is greater than unrefunded amount on charge ({there})", param="amount")
    return left if amount is None else amount


def _will_fail(books: Books, charge: Json) -> bool:
    method = books.find("payment_method", charge["payment_method"] or "")
    card = cards.known(method) if method else None
    return bool(card and card.aftermath == "refund_fails")


def _count(charge: Json, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]


def settle(books: Books, made: Json) -> None:
    """A refund to a bank account arrives; one that fails comes back to the balance."""
    made["_settles_at"] = None
    made.pop("pending_reason", None)
    charge = books.get("charge", made["charge"])
    if not _will_fail(books, charge):
        made["status"] = "succeeded"
        books.change(made, "refund.updated")
        return
    failed = balance.enter(books, "refund_failure", made, amount=made["amount"])
    made.update(status="failed", failure_reason="expired_or_canceled_card", failure_balance_transaction=failed["id"])
    _count(charge, -made["amount"])
    books.change(charge, "charge.updated")
    books.change(made)
    books.announce("refund.failed", made)
    books.announce("refund.updated", made)
