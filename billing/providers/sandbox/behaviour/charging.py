"""Collecting money: a charge on a card, and what it means for the invoice and its subscription."""

from billing.providers.sandbox.behaviour import cards, ending
from billing.providers.sandbox.behaviour.cards import Refusal
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


def attach(books: Books, method: Json, customer: Json) -> Json:
    """Save a card for a customer."""
    method["customer"] = customer["id"]
    books.change(method)
    books.announce("payment_method.attached", method)
    return method


def charge(books: Books, intent: Json, method: Json) -> Refusal | None:
    """Try the card; gives why not, or None."""
    refusal = cards.refusal_of(method)
    payer = {name: method["billing_details"][name] for name in ("email", "name")}
    made = shapes.charge(intent, method["card"], payment_method=method["id"], payer=payer, at=books.now)
    intent["latest_charge"] = made["id"]
    if refusal:
        books.add(_failed(made, refusal), "charge.failed")
        intent["status"] = "requires_payment_method"
        intent["last_payment_error"] = {
            "charge": made["id"],
            "code": refusal.code,
            "decline_code": refusal.decline_code,
            "message": refusal.message,
            "payment_method": method,
            "type": "card_error",
        }
        books.change(intent, "payment_intent.payment_failed")
        return refusal
    books.add(made, "charge.succeeded")
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        last_payment_error=None,
        payment_method=method["id"],
    )
    books.change(intent, "payment_intent.succeeded")
    return None


def _failed(made: Json, refusal: Refusal) -> Json:
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
    return made


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


def collect(books: Books, invoice: Json, method: Json | None = None, *, automatic: bool = False) -> Refusal | None:
    """Charge an open invoice; gives why not, or None. An automatic try that fails plans the next."""
    method = method or default_method(books, invoice)
    (payment,) = books.all("invoice_payment", invoice=invoice["id"])
    intent = books.get("payment_intent", payment["_payment_intent"])
    refusal = charge(books, intent, method) if method else NO_CARD
    invoice["attempt_count"] += 1
    invoice["attempted"] = True
    if refusal:
        _not_collected(books, invoice, automatic=automatic)
        return refusal
    payment.update(amount_paid=intent["amount"], status="paid")
    payment["status_transitions"]["paid_at"] = books.now
    books.change(payment, "invoice_payment.paid")
    settle(books, invoice)
    return None


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
    subscription = _whose_latest(books, invoice)
    if subscription and subscription["status"] in ("incomplete", "past_due"):
        subscription["status"] = "active"
        books.change(subscription, "customer.subscription.updated")


def _not_collected(books: Books, invoice: Json, *, automatic: bool) -> None:
    subscription = _whose_latest(books, invoice)
    tries = invoice["attempt_count"]
    exhausted = tries > len(RETRY_DAYS)
    if automatic:
        invoice["next_payment_attempt"] = None if exhausted else books.now + RETRY_DAYS[tries - 1] * DAY
    books.change(invoice, "invoice.payment_failed")
    if subscription is None:
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
