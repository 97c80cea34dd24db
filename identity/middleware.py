"""Who is behind a browser's session: the row of the sign-in decides, on every request."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from identity import permissions
from identity.models import normalize_address
from identity.models.sessions import ADDRESS
from identity.services import impersonation, limits, sessions
from platform_core import fallback
from platform_core.api import envelope
from platform_core.api.csrf import SAFE_METHODS
from platform_core.errors import NotAuthenticated, RateLimited

if TYPE_CHECKING:
    from django.http import HttpRequest

    from identity.models import Session, User

    GetResponse = Callable[[HttpRequest], HttpResponse]


# What a form of allauth's is counted as, by the name of its page.
LIMITED = {
    "account_login": "login",
    "account_signup": "signup",
    "account_email": "manage_email",
    "account_change_password": "change_password",
    "account_set_password": "change_password",
    "account_reset_password": "reset_password",
    "account_reset_password_from_key": "reset_password_from_key",
    "account_reauthenticate": "reauthenticate",
}


# What a page of allauth's takes to be shown at all.
PROVED = {"account_email": ADDRESS}


def _user(request: "HttpRequest") -> "User | AnonymousUser":
    session = sessions.of_request(request)
    return session.user if session is not None else AnonymousUser()


class SessionMiddleware(AuthenticationMiddleware):
    """`request.user` is the person of an open sign-in, or nobody; looked up when somebody asks."""

    def process_request(self, request: "HttpRequest") -> None:
        request.session.is_for_staff = permissions.is_for_staff(request.path)  # type: ignore[attr-defined]
        request.user = SimpleLazyObject(lambda: _user(request))  # type: ignore[assignment]


class ImpersonationMiddleware:
    """Staff who act as somebody look, and change only what they were allowed to: never who the person is, nor money."""

    def __init__(self, get_response: "GetResponse") -> None:
        self.get_response = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        return self.get_response(request)

    def process_view(
        self, request: "HttpRequest", view: Callable[..., Any], args: Any, kwargs: Any
    ) -> "HttpResponse | None":
        """Answers instead of a view that may not be called. What was meant for a customer is not done to oneself."""
        if impersonation.is_carried(request) and (over := impersonation.come_back(request)) is not None:
            return _led_back(request, over)
        if request.method in SAFE_METHODS or sessions.SID not in request.session:
            return None
        session = sessions.of_request(request)
        if session is None or session.impersonator_id is None:
            return None
        refusal = impersonation.refusal(session, _module(view))
        return fallback.refused(request, refusal) if refusal else None


def _led_back(request: "HttpRequest", over: "Session") -> "HttpResponse":
    """To the person's page in the console; whoever did not ask for a page is told."""
    said = f"You no longer act as {over.user.email}: that is over. Nothing more was done as them."
    if envelope.shape_of(request.path) is not None:
        return fallback.refused(request, NotAuthenticated(said))
    messages.info(request, said)
    response = redirect("admin:identity_user_change", over.user_id)
    if "HX-Request" in request.headers:
        # A part of a page cannot become another page.
        return HttpResponse(headers={"HX-Redirect": response.url})
    return response


class LimitsMiddleware:
    """How often the forms of allauth's pages may be sent; our own pages and the API count for themselves."""

    def __init__(self, get_response: "GetResponse") -> None:
        self.get_response = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        return self.get_response(request)

    def process_view(
        self, request: "HttpRequest", view: Callable[..., Any], args: Any, kwargs: Any
    ) -> "HttpResponse | None":
        """The page that says to wait, in the place of a view that was asked too often."""
        match = request.resolver_match
        action = LIMITED.get(match.url_name or "") if match else None
        if action is None or request.method != "POST":
            return None
        try:
            limits.spend(request, action, key=normalize_address(request.POST.get("email", "")))
        except RateLimited as error:
            refused = render(request, "429.html", status=error.status)
            for name, value in error.headers.items():
                refused[name] = value
            return refused
        return None


class StepUpMiddleware:
    """The pages of allauth's on which a stolen session could take an account over ask for a proof first, as ours do."""

    def __init__(self, get_response: "GetResponse") -> None:
        self.get_response = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        return self.get_response(request)

    def process_view(
        self, request: "HttpRequest", view: Callable[..., Any], args: Any, kwargs: Any
    ) -> "HttpResponse | None":
        """The way to the page that asks for the proof, and from there back."""
        match = request.resolver_match
        purpose = PROVED.get(match.url_name or "") if match else None
        session = sessions.of_request(request) if purpose else None
        if session is None or session.has_stepped_up(str(purpose)):
            return None
        return redirect(f"{reverse('portal:step-up')}?{urlencode({'purpose': purpose, 'next': request.path})}")


def _module(view: Callable[..., Any]) -> str:
    """Where a view's class, or the view itself, is defined."""
    inner = getattr(view, "view_class", None) or getattr(view, "cls", None) or view
    return str(inner.__module__)
