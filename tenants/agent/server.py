"""The agent's own HTTP: its health, and the webhooks of the hub."""

import json
import logging
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tenants.agent.webhooks import Answer, Webhooks

log = logging.getLogger(__name__)
LONGEST_BODY = 256 * 1024
# The digits that its length may have; a number of thousands of them is none to Python.
LONGEST_LENGTH = 10
TOO_LARGE, LENGTH_WANTED, NO_SUCH = 413, 411, 404


class Server(ThreadingHTTPServer):
    """Answers beside the agent's main loop."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], webhooks: Webhooks, health: Callable[[], dict[str, Any]]) -> None:
        super().__init__(address, Handler)
        self.webhooks = webhooks
        self.health = health


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "tenant-agent"
    sys_version = ""
    timeout = 10

    def do_GET(self) -> None:
        """Only the health is there to see."""
        if self.path == "/health":
            self._answer((200, self.server.health()))
        else:
            self._answer((NO_SUCH, {"error": "no such page"}))

    def do_POST(self) -> None:
        """A webhook."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            self._refuse(LENGTH_WANTED, "a Content-Length is needed")
        elif len(length) > LONGEST_LENGTH or int(length) > LONGEST_BODY:
            self._refuse(TOO_LARGE, "the body is too large")
        else:
            body = self.rfile.read(int(length))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._answer(self.server.webhooks.receive(self.path, headers, body))

    def _refuse(self, status: int, message: str) -> None:
        # The body is left unread, so nothing after it on this connection can be understood.
        self.close_connection = True
        self._answer((status, {"error": message}))

    def _answer(self, answer: Answer) -> None:
        status, body = answer
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Into the agent's log, not to the terminal."""
        log.info(format, *args)
