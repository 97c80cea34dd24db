"""A payment: one try after another to collect an intent's amount, by card at once or by a debit that takes days."""

from datetime import UTC, datetime

from django.conf import settings

from billing.providers.sandbox.behaviour import balance, cards, disputing
from billing.providers.sandbox.behaviour.refusals import Refusal
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import payments as shapes
from billing.providers.sandbox.timetable import DAY

DEBIT_DAYS = 4
FEE_NAME = "Stripe processing fees"


def attach(books: Books, method: Json, customer: Json) -> Json:
    """Save a payment method for a customer."""
    method["customer"] = customer["id"]
    books.change(method)
    books.announce("payment_method.attached", method)
    return method


def refusal_of(method: Json) -> Refusal | None:
    """What would come of charging it without anybody there to confirm."""
    return cards.refusal_of(method) or (cards.UNCONFIRMED if cards.must_confirm(method) else None)


def charge(books: Books, intent: Json, method: Json, *, confirmed: bool = False) -> Refusal | None:
    """Try to collect; gives why not, or None: then it is collected, or a debit is on its way."""
    intent["payment_method"] = method["id"]
    refusal = cards.refusal_of(method)
    if refusal is None and cards.must_confirm(method) and not confirmed:
        return _ask_to_confirm(books, intent)
    payer = {name: method["billing_details"][name] for name in ("email", "name")}
    made = shapes.charge(intent, method, payer=payer, at=books.now)
    intent.update(latest_charge=made["id"], next_action=None)
    if refusal:
        fail(books, intent, made, method, refusal, is_new=True)
        return refusal
    if method["type"] != "card":
        _begin_debit(books, intent, made)
        return None
    succeed(books, intent, made, method, is_new=True)
    return None


def _ask_to_confirm(books: Books, intent: Json) -> Refusal:
    """The payer must go to a page of the bank's."""
    url = f"{settings.BASE_URL}/sandbox/payments/{intent['id']}"
    intent.update(
        status="requires_action",
        last_payment_error=None,
        next_action={"redirect_to_url": {"return_url": None, "url": url}, "type": "redirect_to_url"},
    )
    books.change(intent, "payment_intent.requires_action")
    return cards.UNCONFIRMED


def _begin_debit(books: Books, intent: Json, made: Json) -> None:
    """The bank is told; it answers in some days."""
    settles_at = books.now + DEBIT_DAYS * DAY
    made.update(amount_captured=0, paid=False, status="pending")
    details = made["payment_method_details"][made["payment_method_details"]["type"]]
    details["expected_debit_date"] = f"{datetime.fromtimestamp(settles_at, UTC):%Y-%m-%d}"
    books.add(made, "charge.pending")
    intent.update(status="processing", last_payment_error=None, _settles_at=settles_at)
    books.change(intent, "payment_intent.processing")


def succeed(books: Books, intent: Json, made: Json, method: Json, *, is_new: bool) -> None:
    """The money is there, less what Stripe keeps."""
    fee = balance.fee_for(intent["amount"], method["type"])
    made.update(amount_captured=intent["amount"], paid=True, status="succeeded")
    moved = balance.enter(books, "charge", made, amount=intent["amount"], fee=fee, fee_name=FEE_NAME)
    made["balance_transaction"] = moved["id"]
    if is_new:
        books.add(made, "charge.succeeded")
    else:
        books.change(made)
        books.announce("charge.succeeded", made)
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        last_payment_error=None,
        next_action=None,
        _settles_at=None,
    )
    books.change(intent, "payment_intent.succeeded")
    card = cards.known(method)
    if card and card.aftermath == "dispute":
        disputing.begin(books, made, "fraudulent")


def fail(books: Books, intent: Json, made: Json, method: Json, refusal: Refusal, *, is_new: bool) -> None:
    """The bank said no."""
    _note_failure(made, refusal)
    if is_new:
        books.add(made, "charge.failed")
    else:
        books.change(made)
        books.announce("charge.failed", made)
    reject(books, intent, method, refusal, charge=made["id"])


def reject(books: Books, intent: Json, method: Json, refusal: Refusal, *, charge: str | None = None) -> None:
    """The intent waits for another payment method."""
    shown = {name: value for name, value in method.items() if not name.startswith("_")}
    error = {"code": refusal.code, "message": refusal.message, "payment_method": shown, "type": "card_error"}
    if charge:
        error["charge"] = charge
    if refusal.decline_code:
        error["decline_code"] = refusal.decline_code
    intent.update(
        status="requires_payment_method",
        next_action=None,
        payment_method=None,
        last_payment_error=error,
        _settles_at=None,
    )
    books.change(intent, "payment_intent.payment_failed")


def _note_failure(made: Json, refusal: Refusal) -> None:
    made.update(
        amount_captured=0,
        captured=False,
        failure_code=refusal.code,
        failure_message=refusal.message,
        paid=False,
        status="failed",
    )
    made["outcome"].update(
        network_status="declined_by_network",
        reason=refusal.decline_code,
        seller_message="The bank did not return any further details with this decline.",
        type="issuer_declined",
    )
