"""The hosted checkout page."""

from typing import Any
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from billing.providers.sandbox import books, wire
from billing.providers.sandbox import checkout as hosted
from billing.providers.sandbox.behaviour import cards
from billing.providers.sandbox.errors import CardError, Invalid
from billing.providers.sandbox.pages.access import sandbox_only
from billing.providers.sandbox.pages.forms import CardForm
from billing.providers.sandbox.shapes import Json

PAYMENT_REQUIRED, BAD_REQUEST = 402, 400


@sandbox_only
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest, session_id: str) -> HttpResponseBase:
    """Show what is bought and take a card; a declined one is told why and may be followed by another."""
    session = _session(session_id)
    if session["status"] != "open":
        return render(request, "sandbox/closed.html", _closed(session))
    form = CardForm(
        request.POST or None, initial=_filled_in(request.GET.get("card", "")), known_email=session["known_email"]
    )
    if request.method != "POST":
        return _page(request, session, form, refusal=session["_refusal"])
    if not form.is_valid():
        return _page(request, session, form, status=BAD_REQUEST)
    try:
        paid = hosted.pay(session_id, form.payer())
    except CardError as error:
        return _page(request, session, form, refusal=str(error), status=PAYMENT_REQUIRED)
    except Invalid:
        return render(request, "sandbox/closed.html", _closed(_session(session_id)))
    return HttpResponseRedirect(_success_url(paid))


def _session(session_id: str) -> Json:
    """The checkout with what the page shows of it."""
    with books.reading() as account:
        session = account.find("checkout.session", session_id)
        if session is None:
            raise Http404
        customer = account.get("customer", session["customer"]) if session["customer"] else {}
        items = wire.line_items(account, session)["data"]
        if session["status"] == "open" and session["expires_at"] <= account.now:
            session["status"] = "expired"
    recurring = items[0]["price"]["recurring"]
    return {
        **session,
        "items": items,
        "recurring": recurring,
        "known_email": customer.get("email") or session["customer_email"] or "",
    }


def _page(
    request: HttpRequest, session: Json, form: CardForm, *, refusal: str = "", status: int = 200
) -> HttpResponseBase:
    context: dict[str, Any] = {
        "session": session,
        "form": form,
        "refusal": refusal,
        "test_cards": cards.CARDS,
        "site_name": settings.SITE_NAME,
    }
    # A browser applies form-action to where the answer redirects to, and success_url is the merchant's choice.
    leads_to = urlsplit(session["success_url"])
    allow = csp_update({"form-action": [f"{leads_to.scheme}://{leads_to.netloc}"]})
    return allow(lambda _: render(request, "sandbox/checkout.html", context, status=status))(request)


def _filled_in(token: str) -> dict[str, str]:
    """A test card picked from the page's list, typed in."""
    card = cards.BY_TOKEN.get(token)
    if card is None:
        return {}
    return {"number": card.spaced, "expiry": "12 / 34", "cvc": "1234" if card.brand == "amex" else "123"}


def _closed(session: Json) -> dict[str, Any]:
    complete = session["status"] == "complete"
    return {
        "complete": complete,
        "onward": _success_url(session) if complete else session["cancel_url"],
        "site_name": settings.SITE_NAME,
    }


def _success_url(session: Json) -> str:
    url: str = session["success_url"]
    return url.replace("{CHECKOUT_SESSION_ID}", session["id"])
