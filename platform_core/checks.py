"""System checks: configurations that start, and are not what anybody wants."""

import ipaddress
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register  # noqa: A004 - Django's names
from django.db import connection

from platform_core import policies

SHORTEST_TOKEN = 24
MACHINE_TOKENS = {
    "CRON_TOKEN": "/api/v1/cron/ is closed; `manage.py runworker` keeps the schedule by itself.",
    "INTERNAL_TOKEN": "/internal/ is closed.",
}


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _is_kept(secret: str, name: str) -> bool:
    """Whether the secret is the one made at the first start, which lives in DATA_DIR only."""
    path = Path(settings.DATA_DIR) / name
    return path.exists() and path.read_text().strip() == secret


@register()
def check_reach(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """What is meant for one's own machine is not reachable from others."""
    if _is_local(settings.BASE_URL):
        return []
    found: list[CheckMessage] = []
    if settings.DEBUG:
        hint = "Debug pages show settings and code. Unset DEBUG."
        found.append(Error(f"DEBUG is on at {settings.BASE_URL}.", hint=hint, id="mainstay.E001"))
    if settings.SANDBOX:
        hint = "Anybody can pay with a test card. Set STRIPE_SECRET_KEY, or SANDBOX=false."
        found.append(Warning(f"The payment sandbox is on at {settings.BASE_URL}.", hint=hint, id="mainstay.W001"))
    return found


@register()
def check_peppers(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A digest names its pepper, so every pepper has a name of its own and a secret."""
    pairs = [entry.partition(":") for entry in settings.TOKEN_PEPPERS]
    names = [name for name, _, _ in pairs]
    if pairs and all(name and secret for name, _, secret in pairs) and len(set(names)) == len(names):
        return []
    hint = "Write <id>:<secret>, newest first, separated by commas."
    return [Error("TOKEN_PEPPERS is not a list of named peppers.", hint=hint, id="mainstay.E006")]


@register(Tags.security, deploy=True)
def check_secrets(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Production names its secrets itself: made ones are lost with the disk and differ between machines."""
    return [*_made_secrets(), *_machine_tokens()]


def _made_secrets() -> Iterator[CheckMessage]:
    if not settings.BASE_URL.startswith("https://"):
        return
    hint = "Set it in the environment and keep a copy elsewhere."
    if _is_kept(settings.SECRET_KEY, "secret_key"):
        yield Error("SECRET_KEY is the one made at the first start.", hint=hint, id="mainstay.E002")
    if _is_kept(settings.FIELD_ENCRYPTION_KEYS[0], "field_key"):
        yield Error("FIELD_ENCRYPTION_KEYS is the key made at the first start.", hint=hint, id="mainstay.E003")
    if _is_kept(settings.TOKEN_PEPPERS[0].partition(":")[2], "token_pepper"):
        yield Error("TOKEN_PEPPERS is the pepper made at the first start.", hint=hint, id="mainstay.E004")


def _machine_tokens() -> Iterator[CheckMessage]:
    for name, closed in MACHINE_TOKENS.items():
        token: str = getattr(settings, name)
        if not token:
            yield Info(f"{name} is not set: {closed}", id="mainstay.I001")
        elif len(token) < SHORTEST_TOKEN:
            hint = f"Use at least {SHORTEST_TOKEN} random characters."
            yield Warning(f"{name} can be guessed.", hint=hint, id="mainstay.W002")


@register(Tags.security, deploy=True)
def check_transport(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Credentials never travel in the clear."""
    if settings.BASE_URL.startswith("https://") or _is_local(settings.BASE_URL):
        return []
    hint = "Cookies are not Secure and tokens can be read on the way. Use https."
    return [Warning(f"{settings.BASE_URL} is not https.", hint=hint, id="mainstay.W003")]


@register(Tags.security, deploy=True)
def check_webhook_secrets(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Payments are only heard of when their webhooks can be verified."""
    if settings.STRIPE_WEBHOOK_SECRETS:
        return []
    hint = "Copy the endpoint's signing secret from Stripe's dashboard."
    return [Error("STRIPE_WEBHOOK_SECRETS is not set.", hint=hint, id="mainstay.E005")]


@register(Tags.security, deploy=True)
def check_row_security(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Row-level security that is switched on binds the role that we are, on each table."""
    return list(_row_security()) if settings.PLATFORM_RLS else []


def _row_security() -> Iterator[CheckMessage]:
    if policies.statements(connection):
        hint = "Run `manage.py migrate` with PLATFORM_RLS=1."
        yield Error("PLATFORM_RLS is on, and tables are without their policy.", hint=hint, id="mainstay.E007")
    hint = "See docs/howto/row_security.md: the application connects as an ordinary role that owns nothing."
    if policies.answers(connection, policies.BYPASSES):
        yield Error("PLATFORM_RLS is on, and the database's role bypasses it.", hint=hint, id="mainstay.E008")
    elif policies.answers(connection, policies.OWNS):
        yield Warning("PLATFORM_RLS is on, and the database's role may switch it off.", hint=hint, id="mainstay.W004")
