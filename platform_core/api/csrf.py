"""A request that a browser authenticated by itself must prove that one of our own pages sent it."""

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.middleware.csrf import CsrfViewMiddleware
from rest_framework.request import Request

from platform_core.errors import CrossSite

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class _Check(CsrfViewMiddleware):
    """Django's own check of origin, referer and token, giving the bare reason where Django gives a page."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponseForbidden:
        return HttpResponseForbidden(reason)


def enforce(request: Request) -> None:
    """Refuse an unsafe request without our token, or from another origin."""
    if request.method in SAFE_METHODS:
        return
    django_request = request._request  # Django's check reads Django's request
    check = _Check(lambda _: HttpResponse())
    check.process_request(django_request)
    refusal = check.process_view(django_request, lambda _: HttpResponse(), (), {})
    if refusal is not None:
        raise CrossSite(f"CSRF check failed: {refusal.content.decode()}")
