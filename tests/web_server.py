"""The whole application on a loopback port, answering from threads with database connections of their own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

from config.wsgi import application


class Quiet(WSGIRequestHandler):
    """Tests print nothing."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Nothing."""


class Server(ThreadedWSGIServer):
    """Closing it waits for what is being answered."""

    daemon_threads = False


@contextmanager
def serve() -> Iterator[str]:
    """Its address. The database must be one that other threads reach too (`shared_database`)."""
    with Server(("127.0.0.1", 0), Quiet) as server:
        server.set_app(application)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
