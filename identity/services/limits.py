"""How often somebody may try: counted in one step wherever it is tried, page or API.

allauth's own limits are off. They are kept in a cache, beside ours: whoever tried at both had twice as many tries.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from allauth.core.internal.ratelimit import get_ip

from platform_core import ratelimit
from platform_core.errors import RateLimited
from platform_core.ratelimit import Limit

if TYPE_CHECKING:
    from django.http import HttpRequest


MINUTE = 60
ADDRESS, ACCOUNT, PERSON = "address", "account", "person"
# What is counted, and for each of whom: so many times in so many seconds.
RATES = {
    "signup": {ADDRESS: (20, MINUTE)},
    "login": {ADDRESS: (30, MINUTE)},
    "login_failed": {ADDRESS: (10, MINUTE), ACCOUNT: (5, 5 * MINUTE)},
    "request_login_code": {ADDRESS: (20, MINUTE), ACCOUNT: (3, MINUTE)},
    "reset_password": {ADDRESS: (20, MINUTE), ACCOUNT: (5, MINUTE)},
    "reset_password_from_key": {ADDRESS: (20, MINUTE)},
    "confirm_email": {ACCOUNT: (1, 3 * MINUTE)},
    "change_password": {PERSON: (5, MINUTE)},
    "manage_email": {PERSON: (10, MINUTE)},
    "reauthenticate": {PERSON: (10, MINUTE)},
}


def spend(request: "HttpRequest", action: str, *, key: str = "") -> None:
    """Count one attempt, against the caller's address and against the account (`key`) where there is one; 429."""
    for limit, caller in _counted(request, action, key):
        usage = ratelimit.spend(limit, caller)
        if not usage.is_allowed:
            raise RateLimited("Too many attempts. Try again later.", headers=usage.headers)


def fits(request: "HttpRequest", action: str, *, key: str = "") -> bool:
    """The same for what is then silently left out."""
    try:
        spend(request, action, key=key)
    except RateLimited:
        return False
    return True


def forgive(request: "HttpRequest", action: str, *, key: str = "") -> None:
    """Take an attempt back that turned out to be right: only failures are counted."""
    for limit, caller in _counted(request, action, key):
        ratelimit.refund(limit, caller)


def clear(request: "HttpRequest", action: str, *, key: str) -> None:
    """Forget what was counted against an account; addresses stay counted."""
    for limit, caller in _counted(request, action, key):
        if caller == f"account:{key}":
            ratelimit.clear(limit, caller)


def _counted(request: "HttpRequest", action: str, key: str) -> Iterator[tuple[Limit, str]]:
    for whom, (amount, seconds) in RATES[action].items():
        # Who has not signed in is nobody in particular, and what is counted for a person is not theirs to do.
        if whom != PERSON or request.user.is_authenticated:
            yield Limit(action, amount, seconds), f"{whom}:{_named(request, whom, key)}"


def _named(request: "HttpRequest", whom: str, key: str) -> str:
    if whom == ADDRESS:
        return str(get_ip(request))
    return key if whom == ACCOUNT else str(request.user.pk)
