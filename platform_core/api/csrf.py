"""A request that a browser authenticated by itself must prove that one of our own pages sent it.

There are two proofs, and both are asked for: the CSRF token, which a sibling subdomain could plant, and that the
browser says that the request comes from here, which no page can forge. Every browser sends `Origin` or
`Sec-Fetch-Site` with each unsafe request; whoever sends neither is none, has no business with a browser's cookies, and
calls with a bearer token.

Two things are lent to callers that tell no origin, never to those that tell a foreign one: the refresh cookie, which is
`SameSite=Strict`, so no page of another site can have it sent; and NextAuth's sign-in and sign-out, which its clients
also call from servers, by the token.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.middleware.csrf import CsrfViewMiddleware, RejectRequest
from rest_framework.request import Request

from platform_core.errors import CrossSite

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SAME_ORIGIN = "same-origin"
# What a browser says of a request that one of our own pages, or the person themselves, began.
OWN_SITES = frozenset({SAME_ORIGIN, "none"})


class _Check(CsrfViewMiddleware):
    """Django's own check of origin, referer and token, giving the bare reason where Django gives a page."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponseForbidden:
        return HttpResponseForbidden(reason)


class _OriginToo(_Check):
    """The same, and the browser must say that the request comes from here."""

    def _check_token(self, request: HttpRequest) -> None:
        super()._check_token(request)  # type: ignore[misc]  # unknown to the stubs
        if not (_is_sent_here(request) and ("Origin" in request.headers or _site(request) == SAME_ORIGIN)):
            raise RejectRequest("Neither Origin nor Sec-Fetch-Site says that a page of this site sent it.")


def enforce(request: Request) -> None:
    """Refuse an unsafe request without our token, from another origin, or from none."""
    if request.method not in SAFE_METHODS:
        _ask(_OriginToo, request)


def require_token(request: Request) -> None:
    """Refuse a request without our token, or from another origin."""
    refuse_other_origins(request)
    _ask(_Check, request)


def _ask(kind: type[_Check], request: Request) -> None:
    django_request = request._request  # Django's check reads Django's request
    check = kind(lambda _: HttpResponse())
    check.process_request(django_request)
    refusal = check.process_view(django_request, lambda _: HttpResponse(), (), {})
    if refusal is not None:
        raise CrossSite(f"CSRF check failed: {refusal.content.decode()}")


def refuse_other_origins(request: Request) -> None:
    """Refuse a request that another site's page sent."""
    is_foreign = "Origin" in request.headers and not _is_own(request._request)
    if is_foreign or not _is_sent_here(request._request):
        raise CrossSite("This request was sent by another site.")


def require_own_page(request: Request) -> None:
    """What signs somebody in must not be sent by a form elsewhere: our own origin is told, and the token shown."""
    if not (_is_own(request._request) and _is_sent_here(request._request)):
        raise CrossSite("Only a page of this site may ask for this.")
    enforce(request)


def _is_own(request: HttpRequest) -> bool:
    origin = request.headers.get("Origin")
    return origin in {*settings.CSRF_TRUSTED_ORIGINS, f"{request.scheme}://{request.get_host()}"}


def _is_sent_here(request: HttpRequest) -> bool:
    return _site(request) in OWN_SITES


def _site(request: HttpRequest) -> str:
    return request.headers.get("Sec-Fetch-Site", "none")
