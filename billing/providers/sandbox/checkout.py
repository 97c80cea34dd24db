"""What a person does on the hosted checkout page: pay with a card, or be told why not."""

from dataclasses import dataclass, replace

from billing.providers.sandbox import books
from billing.providers.sandbox.behaviour import cards, charging, subscribing
from billing.providers.sandbox.behaviour.cards import Refusal
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import customers as customer_shapes
from billing.providers.sandbox.shapes import payments as payment_shapes


@dataclass(frozen=True)
class Payer:
    """What the page asks for."""

    number: str = "4242424242424242"
    exp_month: int = 12
    exp_year: int = 2099
    email: str = ""
    name: str = ""


def pay(session_id: str, payer: Payer | None = None) -> Json:
    """Complete a checkout; raises CardError if the card declines, which leaves it open for another card.

    Paying a second time changes nothing: a completed checkout is given as it is.
    """
    with books.writing() as account:
        session = account.get("checkout.session", session_id)
        if session["status"] == "complete":
            return session
        if session["status"] == "expired" or session["expires_at"] <= account.now:
            raise Invalid("This checkout has expired.")
        refusal = _attempt(account, session, payer or Payer())
    # Raised outside the transaction: what the attempt wrote stays.
    if refusal:
        raise refusal.error()
    return session


def _attempt(account: Books, session: Json, payer: Payer) -> Refusal | None:
    customer = account.get("customer", session["customer"]) if session["customer"] else None
    email = (customer or {}).get("email") or session["customer_email"] or payer.email or None
    if not email:
        raise Invalid("An email address is needed.", code="parameter_missing", param="email")
    payer = replace(payer, email=email)
    method = _method(account, payer)
    refusal = (_subscribe if session["mode"] == "subscription" else _buy)(account, session, method, payer)
    if refusal:
        session["_refusal"] = refusal.message
        account.change(session)
        return refusal
    _complete(account, session, payer)
    return None


def _method(account: Books, payer: Payer) -> Json:
    shown = cards.shown(payer.number, exp_month=payer.exp_month, exp_year=payer.exp_year)
    method = customer_shapes.payment_method(
        shown, email=payer.email or None, name=payer.name or None, metadata={}, at=account.now
    )
    return account.add(method)


def _subscribe(account: Books, session: Json, method: Json, payer: Payer) -> Refusal | None:
    """A refused card leaves neither customer nor subscription, only the failed payment."""
    if cards.refusal_of(method) and session["amount_total"]:
        return charging.charge(account, _intent(account, session, "Subscription creation", {}), method)
    customer = _customer(account, session, payer)
    charging.attach(account, method, customer)
    params = {
        **session["_subscription_data"],
        "items": [{"price": item["price"], "quantity": item["quantity"]} for item in session["_line_items"]],
        "default_payment_method": method["id"],
    }
    subscription, _ = subscribing.subscribe(account, customer, params)
    session.update(customer=customer["id"], subscription=subscription["id"], invoice=subscription["latest_invoice"])
    return None


def _buy(account: Books, session: Json, method: Json, payer: Payer) -> Refusal | None:
    """A single payment. Its intent belongs to the session from the first try on."""
    data = session["_payment_intent_data"]
    if session["payment_intent"]:
        intent = account.get("payment_intent", session["payment_intent"])
    else:
        intent = _intent(account, session, data.get("description"), data.get("metadata") or {})
        session["payment_intent"] = intent["id"]
    refusal = charging.charge(account, intent, method)
    if refusal is None and session["customer_creation"] == "always":
        customer = _customer(account, session, payer)
        charging.attach(account, method, customer)
        session["customer"] = customer["id"]
    return refusal


def _intent(account: Books, session: Json, description: str | None, metadata: Json) -> Json:
    intent = payment_shapes.payment_intent(
        amount=session["amount_total"],
        currency=session["currency"],
        customer=session["customer"],
        description=description,
        metadata=metadata,
        at=account.now,
    )
    return account.add(intent, "payment_intent.created")


def _customer(account: Books, session: Json, payer: Payer) -> Json:
    if session["customer"]:
        return account.get("customer", session["customer"])
    params = {"email": payer.email, "name": payer.name or None}
    return account.add(customer_shapes.customer(params, at=account.now), "customer.created")


def _complete(account: Books, session: Json, payer: Payer) -> None:
    session.update(
        status="complete",
        payment_status="paid" if session["amount_total"] else "no_payment_required",
        customer_details={
            "address": None,
            "business_name": None,
            "email": payer.email,
            "individual_name": None,
            "name": payer.name or None,
            "phone": None,
            "tax_exempt": "none",
            "tax_ids": [],
        },
        url=None,
        _refusal="",
    )
    account.change(session)
    account.announce("checkout.session.completed", session)
