"""Requests as a server hands them over: the WSGI callable, without a test client's own cost around it."""

import io
from collections.abc import Callable, Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

from billing.api.webhooks.direct import DirectReceiver
from tests.bench.harness import Call

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# What `startproject` writes.
USUAL_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]


def ours() -> Application:
    """The product, as config/wsgi.py puts it together."""
    return DirectReceiver(WSGIHandler())


def usual() -> WSGIHandler:
    """The same URLs under Django's usual middleware."""
    with override_settings(MIDDLEWARE=USUAL_MIDDLEWARE):
        return WSGIHandler()


def call(
    application: Application, method: str, address: str, body: bytes | Callable[[], bytes] = b"", **headers: str
) -> Call:
    """One request, anew each time; anything but a success is an error of the measurement."""
    path, _, query = address.partition("?")
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SCRIPT_NAME": "",
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8000", "wsgi.url_scheme": "http", "wsgi.errors": io.StringIO(),
        "wsgi.version": (1, 0), "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
        **({"CONTENT_TYPE": "application/json"} if body else {}),
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }  # fmt: skip

    def once() -> None:
        content = body() if callable(body) else body
        send(application, {**environ, "CONTENT_LENGTH": str(len(content)), "wsgi.input": io.BytesIO(content)})

    return once


def send(application: Application, environ: dict[str, Any]) -> bytes:
    """The answer's body."""
    found: list[str] = []

    def start_response(status: str, headers: Iterable[Any], *_: Any) -> Any:
        found.append(status)

    answer: Any = application(environ, start_response)
    try:
        content = b"".join(answer)
    finally:
        if hasattr(answer, "close"):
            answer.close()
    if not found[0].startswith("2"):
        raise RuntimeError(f"{environ['PATH_INFO']} answered {found[0]}: {content[:500]!r}")
    return content
