"""A middleware of the test suite: what a request changes leaves an audit event, or the view says why not."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from django.db import connections
from django.http import HttpRequest, HttpResponse

WRITE = re.compile(r'\s*(?:INSERT (?:OR IGNORE )?INTO|UPDATE|DELETE FROM)\s+"(\w+)"', re.IGNORECASE)
SAVEPOINT = re.compile(r"(?P<back>ROLLBACK TO )?SAVEPOINT (?P<name>\S+)")
EVENTS = "platform_core_auditevent"
# These rows are the record themselves (of signing in and out, of mail, of what a provider said or a key asked for), or
# hold nothing that is not elsewhere.
TELL_THEMSELVES = {
    "identity_browsersession",
    "identity_session",
    "identity_pendingsignin",
    "identity_mailedcode",
    "platform_core_mail",
    "platform_core_providerevent",
    "platform_core_idempotentrequest",
    "platform_core_ratecounter",
    "cache",
}
LAST_LOGIN = re.compile(r'UPDATE "identity_user" SET "last_login"')


class Unaudited(AssertionError):
    """A request changed rows and nothing tells of it."""


class WritesLeaveEvents:
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
        if response.status_code < 400:
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
        result = execute(sql, params, many, context)
        found = WRITE.match(sql)
        # A statement that met no row changed nothing.
        if found and not LAST_LOGIN.match(sql) and context["cursor"].rowcount != 0:
            tables.append(found[1].lower())
        return result

    return record


def _check(request: HttpRequest, tables: set[str]) -> None:
    changed = tables - TELL_THEMSELVES
    if not changed or EVENTS in changed:
        return
    match = request.resolver_match
    view = getattr(match.func, "cls", None) or getattr(match.func, "view_class", None) if match else None
    if not getattr(view, "unaudited", {}).get(request.method):
        raise Unaudited(f"{request.method} {request.path} changed {sorted(changed)} without an audit event.")
