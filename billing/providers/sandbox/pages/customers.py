"""A customer as the sandbox knows them: subscriptions, invoices, the card that is charged."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from billing.providers.sandbox import books, wire
from billing.providers.sandbox.behaviour import charging, disputing, refunding, wallet
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import CardError, Invalid, StripeError
from billing.providers.sandbox.pages.access import sandbox_only
from billing.providers.sandbox.pages.forms import CardChoiceForm
from billing.providers.sandbox.shapes import Json


@sandbox_only
@require_safe
def customer(request: HttpRequest, customer_id: str) -> HttpResponse:
    """What there is of one customer."""
    with books.reading() as account:
        found = _customer(account, customer_id)
        context: dict[str, Any] = {
            "customer": found,
            "subscriptions": _newest(account, "subscription", customer_id),
            "invoices": _newest(account, "invoice", customer_id),
            "card": _shown(_card(account, found)),
            "payments": _payments(account, customer_id),
            "form": CardChoiceForm(),
        }
    return render(request, "sandbox/customer.html", context)


@sandbox_only
@require_POST
def replace_card(request: HttpRequest, customer_id: str) -> HttpResponse:
    """Charge another card from now on, such as one that declines the next renewal."""
    form = CardChoiceForm(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        with books.writing() as account:
            owner = _customer(account, customer_id)
            found = wallet.by_token(form.cleaned_data["card"])
            if found is None:
                raise Http404
            wallet.replace_card(account, owner, found)
    except CardError as error:
        messages.error(request, f"The bank refused to save this card: {error}")
    else:
        messages.success(request, "The card was replaced.")
    return HttpResponseRedirect(reverse("sandbox:customer", args=[customer_id]))


@sandbox_only
@require_POST
def pay_invoice(request: HttpRequest, invoice_id: str) -> HttpResponse:
    """Pay an open invoice with the customer's present card."""
    with books.writing() as account:
        invoice = account.find("invoice", invoice_id)
        if invoice is None:
            raise Http404
        refusal = charging.collect(account, invoice) if invoice["status"] == "open" else None
        waits = charging.intent_of(account, invoice)[1] if invoice["status"] == "open" else {}
    if waits.get("status") == "requires_action":
        return HttpResponseRedirect(reverse("sandbox:confirm_payment", args=[waits["id"]]))
    if refusal:
        messages.error(request, refusal.message)
    elif invoice["status"] == "paid":
        messages.success(request, f"Invoice {invoice['number']} is paid.")
    else:
        messages.success(request, "The debit is on its way.")
    return HttpResponseRedirect(reverse("sandbox:customer", args=[invoice["customer"]]) + f"#{invoice_id}")


# What may be done about a payment.
ACTS = {
    "dispute": lambda account, charge: disputing.begin(account, charge, "fraudulent"),
    "refund": lambda account, charge: refunding.refund(account, charge, None, {}),
    "win": lambda account, charge: disputing.decide(account, _dispute_of(account, charge), won=True),
    "lose": lambda account, charge: disputing.decide(account, _dispute_of(account, charge), won=False),
}


@sandbox_only
@require_POST
def act_on_payment(request: HttpRequest, customer_id: str, charge_id: str) -> HttpResponse:
    """The customer's bank takes a payment back, or decides; or the merchant refunds it."""
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        raise Http404
    try:
        with books.writing() as account:
            charge = account.find("charge", charge_id)
            if charge is None or charge["customer"] != customer_id:
                raise Http404
            act(account, charge)
    except StripeError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Done.")
    return HttpResponseRedirect(reverse("sandbox:customer", args=[customer_id]) + "#payments")


def _dispute_of(account: Books, charge: Json) -> Json:
    for dispute in account.all("dispute", lookup=charge["id"]):
        if dispute["status"] in disputing.OPEN:
            return dispute
    raise Invalid("No dispute of this payment is open.")


def _payments(account: Books, customer_id: str) -> list[Json]:
    """The charges, each with its open dispute and what is left of it."""
    found = []
    for charge in reversed(account.all("charge", customer=customer_id)):
        disputes = account.all("dispute", lookup=charge["id"])
        state = disputes[-1]["status"] if disputes else charge["status"]
        left = charge["amount_captured"] - charge["amount_refunded"] if charge["status"] == "succeeded" else 0
        found.append({**charge, "state": state, "left": left, "is_open": state in disputing.OPEN})
    return found


def _shown(method: Json | None) -> str:
    """Visa ending in 4242; a bank account likewise."""
    if method is None:
        return ""
    details = method[method["type"]]
    return f"{(details.get('brand') or 'bank account').capitalize()} ending in {details['last4']}"


def _customer(account: Books, customer_id: str) -> Json:
    found = account.find("customer", customer_id)
    if found is None or found.get("deleted"):
        raise Http404
    return found


def _newest(account: Books, kind: str, customer_id: str) -> list[Json]:
    return [wire.present(account, each) for each in reversed(account.all(kind, customer=customer_id))]


def _card(account: Books, owner: Json) -> Json | None:
    """The card of the newest running subscription, or the customer's default."""
    for subscription in reversed(account.all("subscription", customer=owner["id"])):
        if subscription["ended_at"] is None and subscription["default_payment_method"]:
            return account.find("payment_method", subscription["default_payment_method"])
    chosen = owner["invoice_settings"]["default_payment_method"]
    return account.find("payment_method", chosen) if chosen else None
