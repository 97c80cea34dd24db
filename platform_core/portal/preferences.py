"""What a browser remembers of how it likes its pages: in a cookie, so that the first byte has the right colours."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from platform_core.portal.base import Page

THEMES = ("light", "dark")
COOKIE = "theme"
YEAR_SECONDS = 31_536_000


def theme_of(request: HttpRequest) -> str:
    """The chosen theme; empty follows the system."""
    chosen = request.COOKIES.get(COOKIE, "")
    return chosen if chosen in THEMES else ""


def _back(request: HttpRequest) -> str:
    """Where the visitor came from, if that was here."""
    referer = request.headers.get("Referer", "")
    return referer if url_has_allowed_host_and_scheme(referer, {request.get_host()}) else "/"


class Theme(Page):
    """Sets the theme without JavaScript; the script on the page does the same in place."""

    form_page = "portal:landing"

    def post(self, request: HttpRequest) -> HttpResponse:
        chosen = request.POST.get("theme", "")
        if chosen not in ("", *THEMES):
            return HttpResponseBadRequest("theme: one of light, dark, or empty.")
        response = redirect(_back(request))
        if not chosen:
            response.delete_cookie(COOKIE)
        else:
            response.set_cookie(COOKIE, chosen, max_age=YEAR_SECONDS, samesite="Lax", secure=settings.HTTPS)
        return response
