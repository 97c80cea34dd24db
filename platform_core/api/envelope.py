"""The shape of what each surface answers: how a result is wrapped and how a failure is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from platform_core import context

PROBLEM_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Failure:
    """A failure as every surface tells it. `fields` are (field, message) in the order they were found."""

    status: int
    code: str
    message: str
    fields: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """One page of a list and what leads to the others."""

    items: Sequence[Any]
    meta: Mapping[str, Any]


class PlatformShape:
    """The object itself, or `{items, meta}`; failures as `{code, message, details: {field: [messages]}}`."""

    name = "Platform"
    internal_code = "INTERNAL_SERVER_ERROR"

    def success(self, data: Any) -> Any:
        """The body of a result."""
        return {"items": data.items, "meta": data.meta} if isinstance(data, Page) else data

    def failure(self, failure: Failure) -> dict[str, Any]:
        """The body of a failure."""
        body: dict[str, Any] = {"code": failure.code, "message": failure.message}
        if failure.fields:
            details: dict[str, list[str]] = {}
            for name, message in failure.fields:
                details.setdefault(name, []).append(message)
            body["details"] = details
        return body


class HubShape:
    """`{success, data, meta?}`; failures as `{success, error: {code, message, details: [{field, message}]}}`."""

    name = "Hub"
    internal_code = "INTERNAL_ERROR"

    def success(self, data: Any) -> Any:
        """The body of a result."""
        if isinstance(data, Page):
            return {"success": True, "data": data.items, "meta": data.meta}
        return {"success": True, "data": data}

    def failure(self, failure: Failure) -> dict[str, Any]:
        """The body of a failure."""
        error: dict[str, Any] = {"code": failure.code, "message": failure.message}
        if failure.fields:
            error["details"] = [{"field": name, "message": message} for name, message in failure.fields]
        return {"success": False, "error": error}


Shape = PlatformShape | HubShape
PLATFORM = PlatformShape()
HUB = HubShape()

HUB_SURFACES = frozenset({"admin", "customer", "tenant", "public", "cron", "profile", "setup", "auth"})
API_ROOTS = frozenset({"api", "auth", "internal", "webhooks", "health", ".well-known"})


def shape_of(path: str) -> Shape | None:
    """The shape that a path answers in even where no view does; None for pages."""
    parts = path.strip("/").split("/")
    if parts[0] not in API_ROOTS:
        return None
    return HUB if parts[:2] == ["api", "v1"] and parts[2:3] and parts[2] in HUB_SURFACES else PLATFORM


def wants_problem(accept: str) -> bool:
    """Whether the caller lists RFC 9457's media type among those it takes."""
    for entry in accept.lower().split(","):
        media_type, *parameters = (part.strip() for part in entry.split(";"))
        if media_type == PROBLEM_TYPE:
            return not any(part.replace(" ", "") in {"q=0", "q=0.0", "q=0.00", "q=0.000"} for part in parameters)
    return False


def problem(failure: Failure, path: str) -> dict[str, Any]:
    """RFC 9457: the type is `about:blank`, so the title is the status's own; `code` tells failures apart."""
    current = context.current()
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(failure.status).phrase,
        "status": failure.status,
        "detail": failure.message,
        "instance": path,
        "code": failure.code,
        "requestId": current.request_id if current else None,
    }
    if failure.fields:
        body["errors"] = [{"field": name, "message": message} for name, message in failure.fields]
    return body


def render(shape: Shape, failure: Failure, *, path: str, accept: str) -> tuple[dict[str, Any], str]:
    """A failure's body and media type for this caller."""
    if wants_problem(accept):
        return problem(failure, path), PROBLEM_TYPE
    return shape.failure(failure), "application/json"
