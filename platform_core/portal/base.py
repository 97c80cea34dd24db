"""The base of every signed-in page."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.module_loading import import_string
from django.views import View

from platform_core import denied, scoping
from platform_core.errors import DomainError, MethodNotAllowed
from platform_core.portal.errors import problem

if TYPE_CHECKING:
    from identity.models import Session, User


class Page(View):
    """Whoever opens the address that a form is sent to, say after signing in, is led to the page with the form."""

    # The name of that page, where the address itself shows none.
    form_page: ClassVar[str] = ""

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Never a blank page."""
        if self.form_page and request.method in ("GET", "HEAD"):
            return redirect(self.form_page)
        response = problem(request, MethodNotAllowed("Go back, and use the buttons of the page you came from."))
        response["Allow"] = super().http_method_not_allowed(request, *args, **kwargs)["Allow"]
        return response


class OpenPage(Page):
    """A page for whoever has its address, signed in or not. A refusal is a page too."""

    http_method_names = ("get", "head", "post")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = super().dispatch(request, *args, **kwargs)
        except DomainError as error:
            response = problem(request, error)
        add_never_cache_headers(response)
        return response


class PortalView(Page):
    """A page for a signed-in person. `access` says for each verb what that takes; `scope` is entered around it."""

    access: ClassVar[Mapping[str, str]] = {}
    http_method_names = ("get", "head", "post")
    # What a dangerous verb is for: its caller must have proved just before, and for that, that it is still they.
    step_up: ClassVar[Mapping[str, str]] = {}
    # The entry of the navigation that this page belongs to.
    nav: ClassVar[str] = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        try:
            with scoping.using(self.scope()):
                self.authorize(self.access.get(self.verb, ""))
                response = self._stepping_up() or super().dispatch(request, *args, **kwargs)
        except DomainError as error:
            if error.is_denial:
                denied.tell(request, self.denied_as, wanted=self.access.get(self.verb, ""), status=error.status)
            response = problem(request, error)
        add_never_cache_headers(response)
        return response

    @property
    def actor(self) -> "User":
        """The signed-in person."""
        return cast("User", self.request.user)

    @property
    def session(self) -> "Session":
        """The sign-in behind this browser."""
        # By dotted path: identity is above this package.
        return cast("Session", import_string(settings.PORTAL_SESSION)(self.request))

    @property
    def verb(self) -> str:
        """GET or POST: who may GET may also ask for the headers alone."""
        return "GET" if self.request.method == "HEAD" else self.request.method or ""

    def scope(self) -> scoping.Scope:
        """Whose rows the page may see; by itself, nobody's."""
        return scoping.of_organizations([])

    def authorize(self, rule: str) -> None:
        """Every signed-in person satisfies "person"; a verb without a rule has no handler either."""

    @property
    def denied_as(self) -> Model:
        """Whose record tells of what the person may not do; by itself, the platform's."""
        return self.actor

    def _stepping_up(self) -> HttpResponse | None:
        """The way to the page that asks for the proof, and from there back to the page that wants it."""
        purpose = self.step_up.get(self.verb, "")
        if not purpose or self.session.has_stepped_up(purpose):
            return None
        back = self.request.get_full_path() if self.verb == "GET" else self.after_step_up
        return redirect(f"{reverse('portal:step-up')}?{urlencode({'purpose': purpose, 'next': back})}")

    @property
    def after_step_up(self) -> str:
        """Where the form is that wanted the proof: it must be sent again."""
        return urlsplit(self.request.headers.get("Referer", "")).path or reverse("portal:home")

    def frame(self) -> dict[str, object]:
        """What the page's surroundings need."""
        return {"nav": self.nav}

    def page(self, template: str, *, status: int = 200, **values: object) -> HttpResponse:
        """The page, rendered while the scope is in force."""
        return render(self.request, template, {**self.frame(), **values}, status=status)
