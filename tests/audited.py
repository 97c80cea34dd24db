"""A middleware of the test suite: what staff change in a request leaves an audit event, or the view says why not."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from django.db import connections
from django.http import HttpRequest, HttpResponse

WRITE = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"(\w+)"', re.IGNORECASE)
SAVEPOINT = re.compile(r"(?P<back>ROLLBACK TO )?SAVEPOINT (?P<name>\S+)")
EVENTS = "platform_core_auditevent"
# Signing in and out is told by these tables themselves; the cache holds nothing that is not elsewhere.
TELL_THEMSELVES = {"identity_browsersession", "identity_session", "cache", "platform_core_ratecounter"}
LAST_LOGIN = re.compile(r'UPDATE "identity_user" SET "last_login"')


class Unaudited(AssertionError):
    """A member of staff changed rows and nothing tells of it."""


class StaffWritesLeaveEvents:
    """Watches the statements of each unsafe request. Add `unaudited = {"POST": "why"}` to a view that may be silent."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in {"GET", "HEAD", "OPTIONS"}:
            return self.get_response(request)
        tables: list[str] = []
        with ExitStack() as watching:
            watching.enter_context(connections["default"].execute_wrapper(_recorder(tables)))
            response = self.get_response(request)
        if response.status_code < 400 and request.user.is_authenticated and request.user.is_staff:
            _check(request, set(tables))
        return response


def _recorder(tables: list[str]) -> Callable[..., Any]:
    """Notes the tables that are written; what is rolled back was not."""
    begun: dict[str, int] = {}

    def record(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if point := SAVEPOINT.match(sql):
            if point["back"]:
                del tables[begun.get(point["name"], 0) :]
            else:
                begun[point["name"]] = len(tables)
        found = WRITE.match(sql)
        if found and not LAST_LOGIN.match(sql):
            tables.append(found[1].lower())
        return execute(sql, params, many, context)

    return record


def _check(request: HttpRequest, tables: set[str]) -> None:
    changed = tables - TELL_THEMSELVES
    if not changed or EVENTS in changed:
        return
    match = request.resolver_match
    view = getattr(match.func, "cls", None) or getattr(match.func, "view_class", None) if match else None
    if not getattr(view, "unaudited", {}).get(request.method):
        raise Unaudited(f"{request.method} {request.path} changed {sorted(changed)} without an audit event.")
