"""What a test with a database and processes of its own runs in, and what is shown of it when it fails."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

FIRST_PORT, PORTS = 18400, 100
LEASE_SECONDS = 2
LAST_LINES = 60


@contextmanager
def own_port() -> Iterator[int]:
    """A port for the test's web server, and for nobody else's while the test goes on.

    Web servers share a port with whoever else listens on it: of two tests that had begun at the same moment, each would
    be given half of what is told to the other.
    """
    for port in range(FIRST_PORT, FIRST_PORT + PORTS):
        with socket.socket() as held:
            try:
                held.bind(("127.0.0.1", port))
            except OSError:
                continue
            # From here on the server is let in, which asks to share; others that look for a port do not.
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            yield port
            return
    raise OSError(f"No free port from {FIRST_PORT} on.")


def environment(folder: Path, database_url: str, port: int, *, lease_seconds: int = LEASE_SECONDS) -> dict[str, str]:
    """The sandbox and the process provisioner for certain, short leases, and no broker: the worker finds its work."""
    return {
        "DATABASE_URL": database_url,
        "SANDBOX_DATABASE_URL": f"sqlite:///{folder / 'sandbox.sqlite3'}",
        "SANDBOX": "true",
        "STRIPE_SECRET_KEY": "",
        "STRIPE_WEBHOOK_SECRETS": "",
        "REDIS_URL": "",
        "CELERY_BROKER_URL": "",
        "DATA_DIR": str(folder),
        "BASE_URL": f"http://127.0.0.1:{port}",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "EMAIL_URL": f"filemail:///{folder / 'mail'}",
        "PROVISIONER": "process",
        "TENANT_ROOT": str(folder / "tenants"),
        "TENANT_DOMAIN": "tenants.localhost",
        "HEARTBEAT_SECONDS": "1",
        "DEMO_TOKENS_PER_HOUR": "0",
        "USAGE_GRACE_SECONDS": "0",
        "WORKER_LEASE_SECONDS": str(lease_seconds),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "LOG_LEVEL": "INFO",
    }


def show_ends(folder: Path, write: Callable[[str], object]) -> None:
    """The last lines of each log: the folder may be gone when somebody looks."""
    for log in sorted(folder.glob("**/*.log")):
        lines = log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        write("\n".join([f"--- {log.relative_to(folder)}", *lines]))
