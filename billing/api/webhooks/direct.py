"""The receiver ahead of Django, for the one answer that matters by the thousand: stored, 200.

Whatever is not that (another address, another verb, a signature that does not hold, a database that is away) takes
the usual way through every middleware to the view, with the body that was read, and is answered there.
"""

import io
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.db import connections, router
from django.http.request import split_domain_port, validate_host

from billing.services import inbox
from platform_core import clock, context
from platform_core.middleware import WELL_FORMED_ID
from platform_core.models import ProviderEvent

logger = logging.getLogger(__name__)

Environ = dict[str, Any]
Start = Callable[..., Any]
PATHS = frozenset({"/api/v1/webhooks/stripe", "/api/v1/billing/webhook", "/webhooks/stripe"})
BODY = b'{"received":true}'
HEADERS = [
    ("Content-Type", "application/json"),
    ("Content-Length", str(len(BODY))),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", settings.SECURE_REFERRER_POLICY),
]


class DirectReceiver:
    """Stands around the application; of each request it asks only for the address."""

    def __init__(self, application: Callable[[Environ, Start], Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        if environ.get("PATH_INFO") in PATHS and _is_plain(environ):
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            if _is_kept(body, environ.get("HTTP_STRIPE_SIGNATURE", "")):
                start_response("200 OK", [*HEADERS, ("X-Request-Id", _request_id(environ))])
                return [BODY]
            environ["wsgi.input"] = io.BytesIO(body)
        return self.application(environ, start_response)


def _is_plain(environ: Environ) -> bool:
    """A POST of a length that an event has, to a host of ours, as safe as it has to be."""
    length = environ.get("CONTENT_LENGTH") or ""
    if environ["REQUEST_METHOD"] != "POST" or not (length.isascii() and length.isdigit()):
        return False
    domain = split_domain_port(environ.get("HTTP_HOST", ""))[0]
    is_ours = bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)
    return int(length) <= inbox.LARGEST_BODY and is_ours and (not settings.SECURE_SSL_REDIRECT or _is_secure(environ))


def _is_secure(environ: Environ) -> bool:
    told: tuple[str, str] | None = settings.SECURE_PROXY_SSL_HEADER
    if told is not None:
        return bool(environ.get(told[0]) == told[1])
    return bool(environ["wsgi.url_scheme"] == "https")


def _is_kept(body: bytes, signature: str) -> bool:
    """False where something is to be said about it, which the view does better."""
    connection = connections[router.db_for_write(ProviderEvent)]
    clock.refresh()
    try:
        if connection.close_at is not None and time.monotonic() >= connection.close_at:
            connection.close()
        inbox.receive_among_others(body, signature)
    except Exception as error:  # noqa: BLE001 - the view meets it again, and it is told there
        logger.debug("An event takes the usual way: %r", error)
        return False
    return True


def _request_id(environ: Environ) -> str:
    given = environ.get("HTTP_X_REQUEST_ID", "")
    return given if WELL_FORMED_ID.fullmatch(given) else context.new_request_id()
