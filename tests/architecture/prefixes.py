"""Which package serves a URL, and on which surfaces. The table has one line for each prefix of the contract."""

import re
from dataclasses import dataclass

# The longest prefix that fits wins. What follows it names the file.
PACKAGES = {
    "/api/v1/admin/": "admin",
    "/api/v1/customer/": "customer",
    "/api/v1/tenant/": "tenant",
    "/api/v1/public/": "public",
    "/api/v1/cron/": "cron",
    "/api/v1/webhooks/": "webhooks",
    "/api/v1/auth/": "hub_auth",
    "/api/v1/setup": "hub_auth",
    "/api/v1/profile": "hub_auth",
    "/api/v1/health": "public",
    "/api/v1/": "user",
    "/api/user/": "account",
    "/api/admin/": "operator",
    "/api/auth/": "auth",
    "/auth/": "auth",
    "/.well-known/": "auth",
    "/internal/": "internal",
    "/webhooks/": "webhooks",
    "/health": "public",
    # The receiver's third address, in the middle of another surface.
    "/api/v1/billing/webhook": "webhooks",
}
# Paths whose own words do not name their file.
RESOURCES = {"/api/v1/billing/webhook": "stripe", "/.well-known/jwks.json": "jwks"}

PERSON = frozenset({"PersonSurface", "PublicPlatformSurface"})
HUB_PERSON = frozenset({"AdminSurface", "PublicHubSurface", "SessionSurface"})
# Staff's verbs stand on the platform's prefixes too.
SURFACES = {
    "account": PERSON,
    "admin": frozenset({"AdminSurface"}),
    "auth": PERSON,
    "cron": frozenset({"CronSurface"}),
    "customer": frozenset({"CustomerSurface"}),
    "hub_auth": HUB_PERSON,
    "internal": frozenset({"InternalSurface"}),
    "operator": frozenset({"OperatorSurface", "PublicPlatformSurface"}),
    "public": frozenset({"PublicHubSurface", "PublicPlatformSurface"}),
    "tenant": frozenset({"TenantSurface", "PublicHubSurface"}),
    "user": PERSON | {"OperatorSurface"},
    "webhooks": frozenset({"WebhookSurface"}),
}
# One class, several addresses of one thing.
MANY_DOORS = {"Health", "StripeWebhook"}

# A module's name cannot begin with a digit.
NAMES = {"2fa": "two_factor"}

PARAMETER = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Place:
    """Where the table says that a path is served: a package, and the file names that its words allow."""

    package: str
    modules: tuple[str, ...]


def place_of(path: str) -> Place:
    """`/api/v1/admin/orders/<uuid:pk>/containers` → admin, order_containers or orders."""
    prefix = max((prefix for prefix in PACKAGES if path.startswith(prefix)), key=len)
    rest = path.removeprefix(prefix).strip("/")
    if not prefix.endswith("/"):
        # The prefix's last word is the resource itself, as in /health and /api/v1/setup.
        rest = f"{prefix.rpartition('/')[2]}/{rest}".strip("/")
    return Place(PACKAGES[prefix], (RESOURCES[path],) if path in RESOURCES else _modules(rest))


def _modules(rest: str) -> tuple[str, ...]:
    """The first collection's file; a collection nested in one of its rows has a file of its own."""
    parts = rest.split("/")
    words = [NAMES.get(part, part.replace("-", "_")) for part in parts if not PARAMETER.fullmatch(part)]
    nested = f"{words[0].removesuffix('s')}_{words[1]}" if len(words) > 1 else ""
    rows = sum(1 for part in parts if PARAMETER.fullmatch(part))
    if rows > 1:
        return (nested,)
    return (words[0], nested) if nested else (words[0],)
