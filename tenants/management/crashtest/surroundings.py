"""What a test with a database and processes of its own runs in, and what is shown of it when it fails."""

from collections.abc import Callable
from pathlib import Path

from tenants.management.demo.processes import free_port

FIRST_PORT = 18400
LEASE_SECONDS = 2
LAST_LINES = 60


def environment(folder: Path, database_url: str, *, lease_seconds: int = LEASE_SECONDS) -> dict[str, str]:
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
        "BASE_URL": f"http://127.0.0.1:{free_port(FIRST_PORT)}",
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
