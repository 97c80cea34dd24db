"""The hosted checkout page."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from billing.providers.sandbox import books, wire
from billing.providers.sandbox import checkout as hosted
from billing.providers.sandbox.behaviour import banks, cards
from billing.providers.sandbox.errors import CardError, Invalid
from billing.providers.sandbox.pages.access import View, sandbox_only
from billing.providers.sandbox.pages.forms import AccountForm, CardForm
from billing.providers.sandbox.shapes import Json

PAYMENT_REQUIRED, BAD_REQUEST = 402, 400


@sandbox_only
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest, session_id: str) -> HttpResponseBase:
    """Show what is bought and take a card; a declined one is told why and may be followed by another."""
    session = _session(session_id)
    if session["status"] != "open":
        return render(request, "sandbox/closed.html", _closed(session))
    form = _form(request, session, request.POST or None)
    if request.method != "POST":
        return _page(request, session, form, refusal=session["_refusal"])
    if not form.is_valid():
        return _page(request, session, form, status=BAD_REQUEST)
    return _paid(request, session, form)


def _form(request: HttpRequest, session: Json, data: Any = None) -> CardForm | AccountForm:
    """A card; or a bank account, where the checkout takes debits and one is wanted, or nothing else."""
    known, types = session["known_email"], session["payment_method_types"]
    wanted = request.POST.get("by") or request.GET.get("by") or ("card" if "card" in types else "bank")
    if wanted == "bank" and banks.offered(types):
        return AccountForm(data, types=types, known_email=known)
    return CardForm(data, initial=filled_in(request.GET.get("card", "")), known_email=known)


def _paid(request: HttpRequest, session: Json, form: CardForm | AccountForm) -> HttpResponseBase:
    try:
        paid = hosted.pay(session["id"], form.payer())
    except CardError as error:
        return _page(request, session, form, refusal=str(error), status=PAYMENT_REQUIRED)
    except Invalid:
        return render(request, "sandbox/closed.html", _closed(_session(session["id"])))
    if paid["status"] == "open":
        return HttpResponseRedirect(reverse("sandbox:confirm_checkout", args=[session["id"]]))
    return HttpResponseRedirect(_success_url(paid))


@sandbox_only
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, session_id: str) -> HttpResponseBase:
    """The bank's page: the cardholder confirms, or does not."""
    session = _session(session_id)
    back = HttpResponseRedirect(reverse("sandbox:checkout", args=[session_id]))
    if session["status"] != "open" or not session["_waiting"]:
        return back
    if request.method != "POST":
        return _confirm_page(request, session)
    try:
        paid = hosted.confirm(session_id, accepted=request.POST.get("answer") == "confirm")
    except (CardError, Invalid):
        # The checkout's page says why.
        return back
    return HttpResponseRedirect(_success_url(paid))


def _confirm_page(request: HttpRequest, session: Json) -> HttpResponseBase:
    context = {"site_name": settings.SITE_NAME, "amount": session["amount_total"], "currency": session["currency"]}
    return _leading_on(session["success_url"])(lambda _: render(request, "sandbox/confirm.html", context))(request)


@sandbox_only
@require_POST
def code(request: HttpRequest, session_id: str) -> HttpResponseBase:
    """A promotion code was typed."""
    session = _session(session_id)
    if session["status"] != "open":
        return render(request, "sandbox/closed.html", _closed(session))
    typed = request.POST.get("code", "").strip()
    try:
        hosted.enter_code(session_id, typed)
    except Invalid as error:
        return _page(request, session, _form(request, session), code_error=str(error), typed=typed, status=BAD_REQUEST)
    return HttpResponseRedirect(reverse("sandbox:checkout", args=[session_id]))


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
    recurring = next((item["price"]["recurring"] for item in items if item["price"]["recurring"]), None)
    return {
        "trial_days": session["_subscription_data"].get("trial_period_days"),
        "debits": bool(banks.offered(session["payment_method_types"])),
        **session,
        "items": items,
        "recurring": recurring,
        "known_email": customer.get("email") or session["customer_email"] or "",
    }


def _page(  # noqa: PLR0913 - what the page says beside the form
    request: HttpRequest,
    session: Json,
    form: CardForm | AccountForm,
    *,
    refusal: str = "",
    code_error: str = "",
    typed: str = "",
    status: int = 200,
) -> HttpResponseBase:
    context: dict[str, Any] = {
        "by": "bank" if isinstance(form, AccountForm) else "card",
        "code_error": code_error,
        "typed": typed,
        "session": session,
        "form": form,
        "refusal": refusal,
        "test_cards": cards.CARDS,
        "site_name": settings.SITE_NAME,
    }
    allow = _leading_on(session["success_url"])
    return allow(lambda _: render(request, "sandbox/checkout.html", context, status=status))(request)


def _leading_on(address: str) -> Callable[[View], View]:
    """A browser applies form-action to where the answer redirects to, and success_url is the merchant's choice."""
    leads_to = urlsplit(address)
    allow: Callable[[View], View] = csp_update({"form-action": [f"{leads_to.scheme}://{leads_to.netloc}"]})
    return allow


def filled_in(token: str) -> dict[str, str]:
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
