"""Ahead of Django: what is stored is answered at once, everything else as if there were nothing ahead."""

import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import OperationalError, close_old_connections, connections
from pytest_django import Settings

from billing.api.webhooks.direct import PATHS, DirectReceiver
from platform_core.models import ProviderEvent
from platform_core.models.inbox import ProviderEventQuerySet
from tests.billing.api.webhooks.test_stripe import body, signature

Answer = tuple[str, dict[str, str], bytes]


class Behind(WSGIHandler):
    """The application, and how often it was asked."""

    asked = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        type(self).asked += 1
        return super().__call__(environ, start_response)


@pytest.fixture(autouse=True)
def _connections_stay(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No connection is closed under a test's transaction, however old; Django's test client sees to it elsewhere."""
    monkeypatch.setattr(connections["default"], "close_at", None)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def receiver(settings: Settings) -> DirectReceiver:
    settings.ALLOWED_HOSTS = ["shop.test"]
    Behind.asked = 0
    return DirectReceiver(Behind())


def ask(
    receiver: DirectReceiver,
    content: str,
    *,
    method: str = "POST",
    path: str = "/api/v1/webhooks/stripe",
    signed: str | None = None,
    **environ: Any,
) -> Answer:
    given = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "SCRIPT_NAME": "", "SERVER_NAME": "shop.test",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "shop.test",
        "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(content.encode())), "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(), "wsgi.input": io.BytesIO(content.encode()), "wsgi.multithread": True,
        "HTTP_STRIPE_SIGNATURE": signature(content) if signed is None else signed,
    }  # fmt: skip
    told: list[Any] = []
    answer: Iterable[bytes] = receiver(given | environ, lambda status, headers, *_: told.extend([status, headers]))
    return told[0], {name.lower(): value for name, value in told[1]}, b"".join(answer)


@pytest.mark.parametrize("path", sorted(PATHS))
def test_it_answers_what_the_view_would(receiver: DirectReceiver, path: str) -> None:
    status, headers, content = ask(receiver, body(), path=path)
    assert Behind.asked == 0

    assert (status, json.loads(content)) == ("200 OK", {"received": True})
    assert headers["content-type"] == "application/json"
    assert headers["content-length"] == str(len(content))
    assert headers["cache-control"] == "no-store"
    assert headers["x-request-id"].startswith("req_")
    assert ProviderEvent.objects.get().body == body()


def test_a_well_formed_request_id_comes_back(receiver: DirectReceiver) -> None:
    assert ask(receiver, body(), HTTP_X_REQUEST_ID="trace-0001")[1]["x-request-id"] == "trace-0001"
    assert ask(receiver, body(), HTTP_X_REQUEST_ID="a b")[1]["x-request-id"].startswith("req_")


def test_a_copy_is_received_as_well_and_is_the_same_row(receiver: DirectReceiver) -> None:
    for _ in range(2):
        assert ask(receiver, body())[0] == "200 OK"
    assert ProviderEvent.objects.count() == 1
    assert Behind.asked == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_connection_past_its_age_is_replaced_first(receiver: DirectReceiver) -> None:
    connection = connections["default"]
    connection.ensure_connection()
    aged, connection.close_at = connection.connection, 0

    assert ask(receiver, body())[0] == "200 OK"
    assert Behind.asked == 0
    assert aged.closed
    assert connection.connection is not aged
    assert ProviderEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"signed": "t=1,v1=0"}, "400 Bad Request", "STRIPE_SIGNATURE_INVALID"),
        ({"signed": ""}, "400 Bad Request", "VALIDATION_ERROR"),
        ({"content": "[]"}, "400 Bad Request", "VALIDATION_ERROR"),
        ({"content": body(padding="x" * 256 * 1024)}, "413 Request Entity Too Large", "PAYLOAD_TOO_LARGE"),
        ({"HTTP_HOST": "elsewhere.test"}, "400 Bad Request", None),
        ({"HTTP_HOST": ""}, "400 Bad Request", None),
        ({"method": "GET"}, "405 Method Not Allowed", None),
    ],
    ids=["false", "unsigned", "no event", "large", "another host", "no host", "another verb"],
)
def test_whatever_is_refused_is_refused_by_the_view(
    receiver: DirectReceiver, given: dict[str, Any], status: str, code: str | None
) -> None:
    answer = ask(receiver, given.pop("content", body()), **given)

    assert answer[0] == status
    assert Behind.asked == 1
    if code:
        assert json.loads(answer[2])["code"] == code
    assert not ProviderEvent.objects.exists()


def test_over_plain_http_nothing_is_taken_where_https_is_asked_for(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["shop.test"]
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    receiver = DirectReceiver(Behind())
    assert ask(receiver, body())[0] == "301 Moved Permanently"
    assert not ProviderEvent.objects.exists()

    assert ask(receiver, body(), HTTP_X_FORWARDED_PROTO="https")[0] == "200 OK"


def test_other_addresses_are_not_its_business(receiver: DirectReceiver) -> None:
    assert ask(receiver, "", method="GET", path="/api/v1/health/live")[0] == "200 OK"
    assert Behind.asked == 1


def test_when_storing_fails_the_view_tries_once_more(receiver: DirectReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    keep, failures = ProviderEventQuerySet.keep, [OperationalError("the connection is gone")]

    def fail_once(*args: Any) -> int:
        if failures:
            raise failures.pop()
        return keep(*args)

    monkeypatch.setattr(ProviderEventQuerySet, "keep", fail_once)
    assert ask(receiver, body())[0] == "200 OK"
    assert Behind.asked == 1
    assert ProviderEvent.objects.count() == 1
