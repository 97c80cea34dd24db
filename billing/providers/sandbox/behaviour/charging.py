"""Collecting an invoice: what a payment means for it and for its subscription."""

from billing.providers.sandbox.behaviour import cards, ending, paying, pending
from billing.providers.sandbox.behaviour.refusals import Refusal
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import payments as shapes
from billing.providers.sandbox.timetable import DAY

# After each failed try the next one waits this many days; after the last the subscription ends.
RETRY_DAYS = (3, 5, 7)
NO_CARD = Refusal(
    "There is no `default_payment_method` set on this Customer or Invoice. Please either attach a payment method to "
    "the Customer and set it as default, or pass one to this call.",
    "missing",
)


def expect(books: Books, invoice: Json) -> Json:
    """A payment intent for what an invoice asks for, tied to it."""
    intent = shapes.payment_intent(
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        customer=invoice["customer"],
        description=f"Invoice {invoice['number']}",
        metadata={},
        at=books.now,
    )
    books.add(intent, "payment_intent.created")
    return books.add(shapes.invoice_payment(invoice, intent, at=books.now))


def default_method(books: Books, invoice: Json) -> Json | None:
    """The card that an invoice is charged to: its own, its subscription's, its customer's."""
    subscription = books.find("subscription", invoice["_subscription"]) or {}
    customer = books.get("customer", invoice["customer"])
    chosen = (
        invoice["default_payment_method"]
        or subscription.get("default_payment_method")
        or customer["invoice_settings"]["default_payment_method"]
    )
    return books.find("payment_method", chosen) if chosen else None


def intent_of(books: Books, invoice: Json) -> tuple[Json, Json]:
    """How an open invoice is paid: the thread to its payment intent, and the intent."""
    (payment,) = books.all("invoice_payment", invoice=invoice["id"])
    return payment, books.get("payment_intent", payment["_payment_intent"])


def collect(
    books: Books, invoice: Json, method: Json | None = None, *, automatic: bool = False, confirmed: bool = False
) -> Refusal | None:
    """Charge an open invoice; gives why not, or None. An automatic try that fails plans the next."""
    method = method or default_method(books, invoice)
    payment, intent = intent_of(books, invoice)
    if intent["status"] == "processing":
        return None
    refusal = paying.charge(books, intent, method, confirmed=confirmed) if method else NO_CARD
    invoice["attempt_count"] += 1
    invoice["attempted"] = True
    if refusal:
        not_collected(books, invoice, refusal, automatic=automatic)
    elif intent["status"] == "processing":
        _wait(books, invoice)
    else:
        paid(books, invoice, payment, intent)
    return refusal


def _wait(books: Books, invoice: Json) -> None:
    """A debit is on its way: the subscription runs on trust."""
    invoice["next_payment_attempt"] = None
    books.change(invoice, "invoice.updated")
    _activate(books, invoice)


def paid(books: Books, invoice: Json, payment: Json, intent: Json) -> None:
    """The money for an invoice is there."""
    payment.update(amount_paid=intent["amount"], status="paid")
    payment["status_transitions"]["paid_at"] = books.now
    books.change(payment, "invoice_payment.paid")
    settle(books, invoice)


def settle(books: Books, invoice: Json) -> None:
    """The invoice is paid; a subscription that waited for it becomes active."""
    invoice.update(
        amount_paid=invoice["amount_due"],
        amount_remaining=0,
        attempted=True,
        next_payment_attempt=None,
        status="paid",
    )
    invoice["status_transitions"]["paid_at"] = books.now
    books.change(invoice, "invoice.paid")
    books.announce("invoice.payment_succeeded", invoice)
    pending.apply(books, invoice)
    _activate(books, invoice)


def _activate(books: Books, invoice: Json) -> None:
    subscription = _whose_latest(books, invoice)
    if subscription and subscription["status"] in ("incomplete", "past_due"):
        subscription["status"] = "active"
        books.change(subscription, "customer.subscription.updated")


def not_collected(books: Books, invoice: Json, refusal: Refusal, *, automatic: bool) -> None:
    """The try failed: the subscription is past due, and after the last try it ends."""
    subscription = _whose_latest(books, invoice)
    tries = invoice["attempt_count"]
    exhausted = tries > len(RETRY_DAYS)
    if automatic:
        invoice["next_payment_attempt"] = None if exhausted else books.now + RETRY_DAYS[tries - 1] * DAY
    books.change(invoice, "invoice.payment_failed")
    if refusal is cards.UNCONFIRMED:
        books.announce("invoice.payment_action_required", invoice)
    if subscription is None or pending.waits_for(subscription, invoice):
        return
    if subscription["status"] == "active":
        subscription["status"] = "past_due"
        books.change(subscription, "customer.subscription.updated")
    elif subscription["status"] == "past_due" and automatic and exhausted:
        ending.end(books, subscription, reason="payment_failed")


def _whose_latest(books: Books, invoice: Json) -> Json | None:
    """The subscription, if this is its latest invoice: only that one decides its status."""
    subscription = books.find("subscription", invoice["_subscription"])
    return subscription if subscription and subscription["latest_invoice"] == invoice["id"] else None
