"""What is known of a request, text that no database takes, and a scope that is never left over."""

import ipaddress
import re
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.utils.log import log_response

from platform_core import clock, context, fallback, scoping
from platform_core.api import envelope
from platform_core.errors import InvalidInput

GetResponse = Callable[[HttpRequest], HttpResponse]
WITH_PORT = re.compile(r"(?:\[([^\]]+)\]|([\d.]+))(?::\d+)?")
WELL_FORMED_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
NUL = "\x00"


def client_ip(request: HttpRequest) -> str | None:
    """The caller's address. X-Forwarded-For counts only as far as our own proxies wrote it."""
    proxies: int = settings.TRUSTED_PROXY_COUNT
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    if proxies and len(hops) >= proxies:
        return _address(hops[-proxies])
    return _address(request.META.get("REMOTE_ADDR", ""))


def _address(text: str) -> str | None:
    """A bare address; some proxies add a port, and some say "unknown"."""
    with_port = WITH_PORT.fullmatch(text)
    try:
        return str(ipaddress.ip_address(with_port[1] or with_port[2] if with_port else text.partition("%")[0]))
    except ValueError:
        return None


class RequestContextMiddleware:
    """Request id in and out, and the moment at which business time is read for this request."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if WELL_FORMED_ID.fullmatch(given) else context.new_request_id()
        agent = request.headers.get("User-Agent", "")[:256]
        context.begin(context.RequestContext(request_id, client_ip(request), agent))
        clock.refresh()
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = request_id
            if response.status_code >= HTTPStatus.BAD_REQUEST:
                # Django logs refusals too, but only after the request's id is gone.
                log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request)
            return response
        finally:
            context.end()


class NulMiddleware:
    """PostgreSQL takes no NUL, not even to compare it with a column: no cookie of ours and no form has one.

    The APIs look at what they are given for themselves, because they name the field; at their addresses nobody does.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.COOKIES = {name: value for name, value in request.COOKIES.items() if NUL not in value}
        if envelope.shape_of(request.path) is None:
            if _holds_nul(request):
                return fallback.bad_request(request, SuspiciousOperation("The request holds a NUL."))
        elif NUL in request.path:
            return fallback.refused(request, InvalidInput("The address holds a NUL: nothing has such a name."))
        return self.get_response(request)


def _holds_nul(request: HttpRequest) -> bool:
    given = [*request.GET.lists(), *request.POST.lists()]
    return NUL in request.path or any(NUL in text for name, values in given for text in (name, *values))


class ConsoleCookieMiddleware:
    """The staff console keeps its session in a cookie of its own; stands before the session's own middleware."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(settings.CONSOLE_PATH):
            return self.get_response(request)
        usual, own = settings.SESSION_COOKIE_NAME, settings.CONSOLE_COOKIE_NAME
        request.COOKIES = {name: value for name, value in request.COOKIES.items() if name != usual}
        if own in request.COOKIES:
            request.COOKIES[usual] = request.COOKIES[own]
        response = self.get_response(request)
        if usual in response.cookies:
            cookie = response.cookies.pop(usual)
            cookie.set(own, cookie.value, cookie.coded_value)
            response.cookies[own] = cookie
        return response


class ScopeMiddleware:
    """A request starts without a scope and never leaves one behind; its surface enters the right one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = scoping.enter(None)
        try:
            return self.get_response(request)
        finally:
            scoping.leave(token)
