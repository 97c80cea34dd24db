"""The cookies that carry tokens. Over https their prefixes make the browser hold to how they were set."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.middleware.csrf import get_token, rotate_token
from django.utils.cache import add_never_cache_headers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.services.tokens import IssuedTokens
from platform_core.api import csrf


def _access() -> str:
    return "__Host-at" if settings.HTTPS else "at"


def _refresh() -> str:
    return "__Secure-rt" if settings.HTTPS else "rt"


def access_token(request: Request) -> str:
    """The access token that the browser sent, or nothing."""
    return request.COOKIES.get(_access(), "")


def refresh_token(request: Request) -> str:
    """The refresh token that the browser sent, or nothing."""
    return request.COOKIES.get(_refresh(), "")


def keep(response: Response, request: Request, issued: IssuedTokens) -> None:
    """Leave the tokens with the browser, beside the token that its writes must show."""
    keep_access(response, issued.access_token, issued.expires_in)
    response.set_cookie(
        _refresh(),
        issued.refresh_token,
        max_age=settings.SESSION_IDLE_SECONDS,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Strict",
    )
    get_token(request._request)
    add_never_cache_headers(response)


def keep_access(response: Response, token: str, seconds: int) -> None:
    """Leave an access token with the browser."""
    response.set_cookie(_access(), token, max_age=seconds, secure=settings.HTTPS, httponly=True, samesite="Lax")


def begin(response: Response, request: Request, issued: IssuedTokens) -> None:
    """The same where a sign-in begins: a CSRF token that was planted before must not be the proof afterwards."""
    rotate_token(request._request)
    keep(response, request, issued)


def drop(response: Response) -> None:
    """Take the tokens back."""
    response.delete_cookie(_access(), samesite="Lax")
    response.delete_cookie(_refresh(), samesite="Strict")
    add_never_cache_headers(response)


def require_proof(request: Request, body: Any = None) -> None:
    """One of our own pages sent this: no other origin, and the CSRF token as a header or as the body's `csrfToken`."""
    token = body.get("csrfToken") if isinstance(body, Mapping) else None
    if isinstance(token, str):
        request._request.META.setdefault("HTTP_X_CSRFTOKEN", token)
    csrf.require_token(request)
