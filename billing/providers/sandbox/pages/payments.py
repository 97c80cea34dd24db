"""The bank's page for a payment that its cardholder must confirm: an invoice that was charged without them."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from billing.providers.sandbox import books
from billing.providers.sandbox.behaviour import cards, charging, paying
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.pages.access import sandbox_only
from billing.providers.sandbox.shapes import Json


@sandbox_only
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, intent_id: str) -> HttpResponse:
    """Confirm or refuse; then back to the customer's page."""
    with books.reading() as account:
        intent = account.find("payment_intent", intent_id)
    if intent is None or not intent["customer"]:
        raise Http404
    if intent["status"] == "requires_action" and request.method != "POST":
        context: dict[str, Any] = {
            "site_name": settings.SITE_NAME,
            "amount": intent["amount"],
            "currency": intent["currency"],
        }
        return render(request, "sandbox/confirm.html", context)
    if intent["status"] == "requires_action":
        with books.writing() as account:
            _answer(account, account.get("payment_intent", intent_id), accepted=request.POST.get("answer") == "confirm")
        messages.success(request, "Your bank has told us.")
    return HttpResponseRedirect(reverse("sandbox:customer", args=[intent["customer"]]) + "#payments")


def _answer(account: Books, intent: Json, *, accepted: bool) -> None:
    """An invoice is collected at once; a refusal leaves it open for another card."""
    if intent["status"] != "requires_action":
        return
    method = account.get("payment_method", intent["payment_method"])
    if not accepted:
        paying.reject(account, intent, method, cards.NOT_CONFIRMED)
        return
    account.change({**method, "_confirmed": True})
    for payment in account.all("invoice_payment", payment_intent=intent["id"]):
        invoice = account.get("invoice", payment["invoice"])
        if invoice["status"] == "open":
            charging.collect(account, invoice, method, confirmed=True)
            return
    paying.charge(account, intent, method, confirmed=True)
