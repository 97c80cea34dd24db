"""The agent's own HTTP."""

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenants.agent.server import LONGEST_BODY, Server
from tenants.agent.webhooks import Webhooks
from tests.tenants.agent.homes import home
from tests.tenants.agent.test_webhooks import UPDATE, message


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[http.client.HTTPConnection]:
    desk = Webhooks(home(tmp_path), lambda: None)
    with Server(("127.0.0.1", 0), desk, lambda: {"status": "healthy"}) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        client = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
        yield client
        client.close()
        server.shutdown()


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> tuple[int, dict[str, object]]:
    connection.putrequest(method, path)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_its_health_is_there_to_see(connection: http.client.HTTPConnection) -> None:
    assert ask(connection, "GET", "/health", {}) == (200, {"status": "healthy"})
    assert ask(connection, "GET", "/identity.json", {}) == (404, {"error": "no such page"})


def test_a_webhook_is_taken_over_http(connection: http.client.HTTPConnection) -> None:
    path, headers, body = message(UPDATE)

    taken = ask(connection, "POST", path, headers | {"Content-Length": str(len(body))}, body)
    refused = ask(connection, "POST", path, {"Content-Length": str(len(body))}, body)

    assert taken == (202, {"accepted": True, "duplicate": False})
    assert refused[0] == 401


@pytest.mark.parametrize("moment", ["9" * 400, "9" * 5_000, "-" + "9" * 400, "\u0663"])
def test_a_moment_that_no_clock_shows_is_answered(connection: http.client.HTTPConnection, moment: str) -> None:
    path, headers, body = message(UPDATE)
    headers |= {"webhook-timestamp": moment.encode().decode("latin-1"), "Content-Length": str(len(body))}

    assert ask(connection, "POST", path, headers, body)[0] == 401


@pytest.mark.parametrize(
    ("length", "status"), [(None, 411), ("-1", 411), ("\u00b2", 411), (str(LONGEST_BODY + 1), 413), ("9" * 5_000, 413)]
)
def test_a_body_of_unknown_or_great_length_is_not_read(
    connection: http.client.HTTPConnection, length: str | None, status: int
) -> None:
    headers = {} if length is None else {"Content-Length": length}
    assert ask(connection, "POST", UPDATE, headers)[0] == status
