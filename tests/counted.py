"""A middleware of the test suite: no endpoint for people asks the database more than eight times, whoever calls it how.

What is counted are statements of a process that runs: not the limits, which are in Redis where there is one; not the
signing key, which is asked for once in seconds; not the beginnings and ends of transactions.
"""

import re
from collections.abc import Callable
from typing import Any

from django.db import connections
from django.http import HttpRequest, HttpResponse

MOST = 8
AREAS = (
    "api/admin/analytics/", "api/admin/billing/", "api/admin/auth/", "api/admin/users", "api/auth/",
    "api/user/account", "api/user/auth/", "api/v1/admin/customers", "api/v1/admin/staff", "api/v1/auth/",
    "api/v1/profile", "api/v1/public/founding-members", "api/v1/setup", "api/v1/users/me", "auth/",
)  # fmt: skip
NOT_COUNTED = re.compile(
    r'\s*(?:SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT)|.*(?:platform_core_ratecounter|FROM "identity_signingkey"|'
    r'INTO "identity_signingkey")',
    re.IGNORECASE | re.DOTALL,
)


class TooManyQueries(AssertionError):
    """An endpoint for people asks too much."""


class EightQueries:
    """Counts the statements of each request for people."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked: list[str] = []
        with connections["default"].execute_wrapper(_recorder(asked)):
            response = self.get_response(request)
        route = request.resolver_match.route if request.resolver_match else ""
        if route.startswith(AREAS):
            _check(str(request.method), route, [sql for sql in asked if not NOT_COUNTED.match(sql)])
        return response


def _recorder(asked: list[str]) -> Callable[..., Any]:
    def record(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        asked.append(sql)
        return execute(sql, params, many, context)

    return record


def _check(method: str, route: str, asked: list[str]) -> None:
    if len(asked) > MOST:
        raise TooManyQueries("\n".join([f"{method} /{route} asks {len(asked)} times, at most {MOST}:", *asked]))
