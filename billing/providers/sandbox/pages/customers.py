"""A customer as the sandbox knows them: subscriptions, invoices, the card that is charged."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from billing.providers.sandbox import books, wire
from billing.providers.sandbox.behaviour import cards, charging, wallet
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import CardError
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
            "card": _card(account, found),
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
            wallet.replace_card(account, owner, cards.BY_TOKEN[form.cleaned_data["card"]])
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
    if refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, f"Invoice {invoice['number']} is paid.")
    return HttpResponseRedirect(reverse("sandbox:customer", args=[invoice["customer"]]) + f"#{invoice_id}")


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
