"""What a person does on the hosted checkout page: pay, by card or from a bank account, confirm, or be told why not."""

from dataclasses import dataclass, replace

from billing.providers.sandbox import books
from billing.providers.sandbox.behaviour import (
    banks,
    cards,
    charging,
    discounting,
    invoicing,
    paying,
    subscribing,
    till,
)
from billing.providers.sandbox.behaviour.refusals import Refusal
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import customers as customer_shapes
from billing.providers.sandbox.shapes import invoices as invoice_shapes
from billing.providers.sandbox.shapes import payments as payment_shapes


@dataclass(frozen=True)
class Payer:
    """What the page asks for: a card, or the number of a bank account."""

    number: str = "4242424242424242"
    exp_month: int = 12
    exp_year: int = 2099
    email: str = ""
    name: str = ""
    account: str = ""


def pay(session_id: str, payer: Payer | None = None) -> Json:
    """Complete a checkout; raises CardError if the card declines, which leaves it open for another card.

    Paying a second time changes nothing: a completed checkout is given as it is. One whose card wants to be confirmed
    stays open, and says so in `_waiting`.
    """
    with books.writing() as account:
        session = account.get("checkout.session", session_id)
        if session["status"] == "complete":
            return session
        _must_be_open(account, session)
        payer = _with_email(account, session, payer or Payer())
        refusal = _attempt(account, session, _method(account, session, payer), payer)
    # Raised outside the transaction: what the attempt wrote stays.
    if refusal:
        raise refusal.error()
    return session


def confirm(session_id: str, *, accepted: bool) -> Json:
    """The person has been to the bank's page; raises CardError if they refused there."""
    with books.writing() as account:
        session = account.get("checkout.session", session_id)
        waiting = session["_waiting"]
        if session["status"] == "complete" or not waiting:
            return session
        _must_be_open(account, session)
        method = account.get("payment_method", waiting["method"])
        payer = Payer(email=waiting["email"], name=waiting["name"])
        session["_waiting"] = None
        if accepted:
            method["_confirmed"] = True
            account.change(method)
            refusal = _attempt(account, session, method, payer, confirmed=True)
        else:
            refusal = _not_confirmed(account, session, method)
    if refusal:
        raise refusal.error()
    return session


def enter_code(session_id: str, text: str) -> Json:
    """Take a promotion code; raises Invalid where there is none of this name, or not for this buyer."""
    with books.writing() as account:
        session = account.get("checkout.session", session_id)
        _must_be_open(account, session)
        if not session["allow_promotion_codes"]:
            raise Invalid("This checkout takes no codes.", param="promotion_code")
        till.enter_code(account, session, text)
        return session


def _must_be_open(account: Books, session: Json) -> None:
    if session["status"] != "open" or session["expires_at"] <= account.now:
        raise Invalid("This checkout has expired.")


def _with_email(account: Books, session: Json, payer: Payer) -> Payer:
    customer = account.get("customer", session["customer"]) if session["customer"] else {}
    email = customer.get("email") or session["customer_email"] or payer.email or None
    if not email:
        raise Invalid("An email address is needed.", code="parameter_missing", param="email")
    return replace(payer, email=email)


def _method(account: Books, session: Json, payer: Payer) -> Json:
    """What was typed in, as a payment method; not yet anybody's."""
    known = banks.BY_FINGERPRINT.get(banks.fingerprint(payer.account)) if payer.account else None
    if payer.account and (known is None or known.kind not in session["payment_method_types"]):
        raise Invalid("The sandbox takes only the test accounts that are listed on its page.", param="account")
    if known:
        kind, shown = (
            known.kind,
            customer_shapes.bank_account(known.kind, known.number, banks.fingerprint(known.number)),
        )
    else:
        kind, shown = "card", cards.shown(payer.number, exp_month=payer.exp_month, exp_year=payer.exp_year)
    return account.add(
        customer_shapes.payment_method(
            shown, email=payer.email or None, name=payer.name or None, metadata={}, at=account.now, kind=kind
        )
    )


def _attempt(account: Books, session: Json, method: Json, payer: Payer, *, confirmed: bool = False) -> Refusal | None:
    if cards.refusal_of(method) is None and cards.must_confirm(method) and not confirmed:
        _wait(account, session, method, payer)
        return None
    way = {"subscription": _subscribe, "payment": _buy, "setup": _save}[session["mode"]]
    refusal = way(account, session, method, payer)
    if refusal:
        session["_refusal"] = refusal.message
        account.change(session)
        return refusal
    _complete(account, session, payer)
    return None


def _wait(account: Books, session: Json, method: Json, payer: Payer) -> None:
    """The bank asks the person; a single payment's intent tells of it."""
    session.update(_waiting={"method": method["id"], "email": payer.email, "name": payer.name}, _refusal="")
    if session["mode"] == "payment" and session["amount_total"] and not _is_invoiced(session):
        paying.charge(account, _session_intent(account, session), method)
    account.change(session)


def _not_confirmed(account: Books, session: Json, method: Json) -> Refusal:
    if session["payment_intent"]:
        paying.reject(account, account.get("payment_intent", session["payment_intent"]), method, cards.NOT_CONFIRMED)
    session["_refusal"] = cards.NOT_CONFIRMED.message
    account.change(session)
    return cards.NOT_CONFIRMED


def _save(account: Books, session: Json, method: Json, payer: Payer) -> Refusal | None:
    """Only to be charged later."""
    refusal = cards.attach_refusal_of(method)
    if refusal:
        return refusal
    paying.attach(account, method, _customer(account, session, payer))
    intent = account.get("setup_intent", session["setup_intent"])
    account.change({**intent, "payment_method": method["id"], "status": "succeeded"}, "setup_intent.succeeded")
    return None


def _subscribe(account: Books, session: Json, method: Json, payer: Payer) -> Refusal | None:
    """A refused card leaves neither customer nor subscription, only the failed payment."""
    if cards.refusal_of(method) and session["amount_total"]:
        return paying.charge(account, _intent(account, session, "Subscription creation", {}), method)
    refused = cards.attach_refusal_of(method)
    if refused:
        return refused
    customer = _customer(account, session, payer)
    paying.attach(account, method, customer)
    sold = session["_line_items"]
    recurring = [item for item in sold if account.get("price", item["price"])["recurring"]]
    params = {
        **session["_subscription_data"],
        "items": [{"price": item["price"], "quantity": item["quantity"]} for item in recurring],
        "default_payment_method": method["id"],
        "discounts": till.wishes(session),
        "_once": [item for item in sold if item not in recurring],
    }
    subscription, _ = subscribing.subscribe(account, customer, params, collect=False)
    invoice = account.get("invoice", subscription["latest_invoice"])
    if invoice["status"] == "open":
        charging.collect(account, invoice, method, confirmed=True)
    session.update(customer=customer["id"], subscription=subscription["id"], invoice=invoice["id"])
    return None


def _buy(account: Books, session: Json, method: Json, payer: Payer) -> Refusal | None:
    """A single payment. Its intent belongs to the session from the first try on."""
    if not session["amount_total"]:
        return None
    refused = cards.refusal_of(method)
    if _is_invoiced(session) and refused is None:
        return _buy_invoiced(account, session, method, payer)
    refusal = paying.charge(account, _session_intent(account, session), method, confirmed=True)
    if refusal is None and session["customer_creation"] == "always":
        customer = _customer(account, session, payer)
        paying.attach(account, method, customer)
        _give(account, session, customer)
    if refusal is None:
        _redeem(account, session)
    return refusal


def _give(account: Books, session: Json, customer: Json) -> None:
    """The guest who paid is a customer now, and the payment is theirs."""
    session["customer"] = customer["id"]
    intent = account.get("payment_intent", session["payment_intent"])
    account.change({**intent, "customer": customer["id"]})
    for charge in account.all("charge", payment_intent=intent["id"]):
        account.change({**charge, "customer": customer["id"]})


def _redeem(account: Books, session: Json) -> None:
    customer = account.get("customer", session["customer"]) if session["customer"] else None
    discounting.give(account, till.wishes(session), session, customer=customer)


def _is_invoiced(session: Json) -> bool:
    return bool(session["invoice_creation"] and session["invoice_creation"]["enabled"])


def _buy_invoiced(account: Books, session: Json, method: Json, payer: Payer) -> Refusal | None:
    customer = _customer(account, session, payer)
    paying.attach(account, method, customer)
    invoice = invoice_shapes.invoice(
        customer, reason="manual", currency=session["currency"], period=(account.now, account.now), at=account.now
    )
    invoice["metadata"] = session["invoice_creation"]["invoice_data"]["metadata"]
    invoice["discounts"] = discounting.give(account, till.wishes(session), invoice, customer=None)
    invoicing.enter(account, invoice, invoicing.once_lines(account, invoice, session["_line_items"]))
    account.announce("invoice.created", invoice)
    invoicing.finalize(account, invoice)
    refusal = None
    if invoice["status"] == "open":
        refusal = charging.collect(account, invoice, method, confirmed=True)
        session["payment_intent"] = charging.intent_of(account, invoice)[1]["id"]
    session.update(customer=customer["id"], invoice=invoice["id"])
    return refusal


def _session_intent(account: Books, session: Json) -> Json:
    if session["payment_intent"]:
        return account.get("payment_intent", session["payment_intent"])
    data = session["_payment_intent_data"]
    intent = _intent(account, session, data.get("description"), data.get("metadata") or {})
    session["payment_intent"] = intent["id"]
    return intent


def _intent(account: Books, session: Json, description: str | None, metadata: Json) -> Json:
    intent = payment_shapes.payment_intent(
        amount=session["amount_total"],
        currency=session["currency"],
        customer=session["customer"],
        description=description,
        metadata=metadata,
        types=session["payment_method_types"],
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
        payment_status=_payment_status(account, session),
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
        _waiting=None,
    )
    account.change(session)
    account.announce("checkout.session.completed", session)


def _payment_status(account: Books, session: Json) -> str:
    """A debit is on its way; its outcome is told when it is known."""
    if not session["amount_total"]:
        return "no_payment_required"
    if session["invoice"]:
        return "paid" if account.get("invoice", session["invoice"])["status"] == "paid" else "unpaid"
    return "paid" if account.get("payment_intent", session["payment_intent"])["status"] == "succeeded" else "unpaid"
