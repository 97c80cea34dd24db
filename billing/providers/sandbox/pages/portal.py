"""The customer's own page: what they are subscribed to, what is charged, and their invoices."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from billing.providers.sandbox import books, wire
from billing.providers.sandbox.behaviour import cards, wallet
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import CardError, StripeError
from billing.providers.sandbox.pages.access import sandbox_only
from billing.providers.sandbox.pages.checkout import filled_in
from billing.providers.sandbox.pages.forms import CardForm
from billing.providers.sandbox.resources import payment_methods, subscriptions
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.timetable import HOUR

BAD_REQUEST, GONE = 400, 410


@sandbox_only
@require_http_methods(["GET", "HEAD", "POST"])
def portal(request: HttpRequest, session_id: str) -> HttpResponse:
    """Show it; or do what was asked for, and show it again."""
    with books.reading() as account:
        session = account.find("billing_portal.session", session_id)
        if session is None:
            raise Http404
        if session["created"] + HOUR <= account.now:
            return render(request, "sandbox/portal_over.html", {"session": session}, status=GONE)
    if request.method != "POST":
        return _page(request, session, CardForm(initial=filled_in(request.GET.get("card", "")), known_email="known"))
    if request.POST.get("act") == "add_card":
        form = CardForm(request.POST, known_email="known")
        if not form.is_valid():
            return _page(request, session, form, status=BAD_REQUEST)
    return _acted(request, session)


def _acted(request: HttpRequest, session: Json) -> HttpResponse:
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        raise Http404
    try:
        with books.writing() as account:
            said = act(account, session["customer"], request.POST)
    except CardError as error:
        messages.error(request, f"Your bank refused: {error}")
    except StripeError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return HttpResponseRedirect(reverse("sandbox:portal", args=[session["id"]]))


def _own(account: Books, kind: str, object_id: str, customer_id: str) -> Json:
    found = account.find(kind, object_id)
    if found is None or found["customer"] != customer_id:
        raise Http404
    return found


def _cancel(account: Books, customer_id: str, given: Any) -> str:
    found = _own(account, "subscription", given.get("id", ""), customer_id)
    subscriptions.update(account, {"cancel_at_period_end": True}, found["id"])
    return "Your subscription ends with its period."


def _resume(account: Books, customer_id: str, given: Any) -> str:
    found = _own(account, "subscription", given.get("id", ""), customer_id)
    subscriptions.update(account, {"cancel_at_period_end": False}, found["id"])
    return "Your subscription goes on."


def _default(account: Books, customer_id: str, given: Any) -> str:
    method = _own(account, "payment_method", given.get("id", ""), customer_id)
    wallet.make_default(account, account.get("customer", customer_id), method)
    return "It is charged from now on."


def _remove(account: Books, customer_id: str, given: Any) -> str:
    method = _own(account, "payment_method", given.get("id", ""), customer_id)
    payment_methods.detach(account, {}, method["id"])
    return "It is forgotten."


def _add_card(account: Books, customer_id: str, given: Any) -> str:
    form = CardForm(given, known_email="known")
    form.full_clean()
    payer = form.payer()
    known = cards.BY_FINGERPRINT.get(cards.fingerprint(payer.number))
    if known is None:
        raise cards.NOT_A_TEST_CARD.error()
    wallet.replace_card(account, account.get("customer", customer_id), known, confirmed=True)
    return "Your new card is charged from now on."


ACTS = {
    "add_card": _add_card,
    "cancel": _cancel,
    "default": _default,
    "remove": _remove,
    "resume": _resume,
}


def _page(request: HttpRequest, session: Json, form: CardForm, *, status: int = 200) -> HttpResponse:
    with books.reading() as account:
        customer = account.get("customer", session["customer"])
        default = customer["invoice_settings"]["default_payment_method"]
        running = [each for each in account.all("subscription", customer=customer["id"]) if each["ended_at"] is None]
        context: dict[str, Any] = {
            "session": session,
            "customer": customer,
            "form": form,
            "subscriptions": [_subscription(account, each) for each in running],
            "methods": [
                {
                    "id": each["id"],
                    "details": each[each["type"]],
                    "kind": each["type"],
                    "is_default": each["id"] == default,
                }
                for each in reversed(account.all("payment_method", customer=customer["id"]))
            ],
            "invoices": list(reversed(account.all("invoice", customer=customer["id"]))),
            "test_cards": cards.CARDS,
        }
    return render(request, "sandbox/portal.html", context, status=status)


def _subscription(account: Books, subscription: Json) -> Json:
    """With the names of what it is for."""
    shown = wire.present(account, subscription)
    sold = [
        {"name": account.get("product", item["price"]["product"])["name"], **item} for item in shown["items"]["data"]
    ]
    return {**shown, "sold": sold, "until": subscription["_period_end"]}
