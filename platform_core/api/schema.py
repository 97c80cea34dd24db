"""The API's description, told from the surfaces: envelopes, failures, and which credential each verb takes."""

import re
from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse

from platform_core.api import access, examples, idempotency
from platform_core.api.envelope import HUB, PLATFORM, PROBLEM_TYPE, Failure, Shape
from platform_core.api.errors import FALLBACK_CODES, INVALID
from platform_core.api.surfaces import Surface
from platform_core.errors import PaymentRequired, UpstreamError

Schema = dict[str, Any]

# The most usual of each status; HTTP's own name for the others.
CODES = {**FALLBACK_CODES, 402: PaymentRequired.code, 502: UpstreamError.code}
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

TEXT: Schema = {"type": "string"}
FIELD_MESSAGE: Schema = {
    "type": "object",
    "required": ["field", "message"],
    "properties": {"field": TEXT, "message": TEXT},
}
HUB_ERROR: Schema = {
    "type": "object",
    "required": ["success", "error"],
    "properties": {
        "success": {"type": "boolean", "enum": [False]},
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": TEXT, "message": TEXT, "details": {"type": "array", "items": FIELD_MESSAGE}},
        },
    },
}
PLATFORM_ERROR: Schema = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {
        "code": TEXT,
        "message": TEXT,
        "details": {"type": "object", "additionalProperties": {"type": "array", "items": TEXT}},
    },
}
PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457, for callers that accept application/problem+json.",
    "required": ["type", "title", "status", "detail", "instance", "code", "requestId"],
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "instance": TEXT,
        "code": TEXT,
        "requestId": {"type": ["string", "null"]},
        "errors": {"type": "array", "items": FIELD_MESSAGE},
    },
}
SECURITY_SCHEMES: Schema = {
    "personBearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "personCookie": {"type": "apiKey", "in": "cookie", "name": "__Host-at"},
    "session": {"type": "apiKey", "in": "cookie", "name": "__Host-session"},
    "serverKey": {"type": "http", "scheme": "bearer", "description": "A tenant server's key, `hk_…`."},
    "cronToken": {"type": "apiKey", "in": "header", "name": "x-cron-token"},
    "internalToken": {"type": "apiKey", "in": "header", "name": "x-platform-internal-token"},
}


def response_name(shape: Shape, status: HTTPStatus) -> str:
    """`HubNotFound`."""
    return shape.name + status.phrase.title().replace(" ", "").replace("-", "")


def failure_example(shape: Shape, status: HTTPStatus) -> Schema:
    """What is told with a status, in a surface's own shape."""
    wrong = [("email", "Enter a valid email address.")] if status == HTTPStatus.BAD_REQUEST else []
    message = INVALID if wrong else f"{status.phrase}."
    return shape.failure(Failure(status.value, CODES.get(status.value, status.name), message, wrong))


def failure_response(shape: Shape, status: HTTPStatus, description: str = "") -> Schema:
    """How a surface tells a failure: in its own shape, and as problem details."""
    own = {"$ref": f"#/components/schemas/{shape.name}Error"}
    content = {
        "application/json": {"schema": own, "example": failure_example(shape, status)},
        PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}},
    }
    return {"description": description or status.phrase, "content": content}


ANY_FAILURE = "Failure"
FAILURES = {
    response_name(shape, status): failure_response(shape, status)
    for shape in (HUB, PLATFORM)
    for status in HTTPStatus
    if status >= HTTPStatus.BAD_REQUEST
} | {
    shape.name + ANY_FAILURE: {
        **failure_response(shape, HTTPStatus.BAD_REQUEST),
        "description": "Any other failure, in the same shape; `code` says which.",
    }
    for shape in (HUB, PLATFORM)
}


def add_shared_components(result: Schema, **_: Any) -> Schema:
    """drf-spectacular's hook for what many operations refer to."""
    operations = [operation for path in result["paths"].values() for operation in path.values()]
    responses = [response for operation in operations for response in operation["responses"].values()]
    named = {response["$ref"].rpartition("/")[2] for response in responses if "$ref" in response}
    components = result.setdefault("components", {})
    components["securitySchemes"] = SECURITY_SCHEMES
    components["responses"] = {name: FAILURES[name] for name in sorted(named)}
    shared = {"HubError": HUB_ERROR, "PlatformError": PLATFORM_ERROR, "Problem": PROBLEM}
    components["schemas"] = dict(sorted({**components.get("schemas", {}), **shared}.items()))
    examples.add(result)
    return result


def enveloped(shape: Shape, data: Schema) -> Schema:
    """How a surface wraps a result."""
    if shape is not HUB:
        return data
    return {
        "type": "object",
        "required": ["success", "data"],
        "properties": {"success": {"type": "boolean", "enum": [True]}, "data": data},
    }


def paged(shape: Shape, items: Schema, meta: Schema) -> Schema:
    """How a surface wraps one page of a list."""
    name = "data" if shape is HUB else "items"
    page: Schema = {"type": "object", "required": [name, "meta"], "properties": {name: items, "meta": meta}}
    if shape is HUB:
        page["required"].insert(0, "success")
        page["properties"]["success"] = {"type": "boolean", "enum": [True]}
    return page


def failures_of(view: Any, method: str, *, is_of_one: bool) -> list[HTTPStatus]:
    """What a verb refuses with: what follows from its rule, its address and its body, and what the view declares."""
    found = [HTTPStatus.BAD_REQUEST, *map(HTTPStatus, view.failures.get(method, ()))]
    if access.rule_for(view, method) not in access.OPEN:
        found += [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS]
    if is_of_one:
        found.append(HTTPStatus.NOT_FOUND)
    if view.idempotent and method == "POST":
        found += [HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY]
    if method in WITH_BODY and view.parser_classes:
        found += [HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE]
    return found


class SurfaceSchema(AutoSchema):
    """One operation of one surface."""

    view: Any  # a Surface: is_excluded() sees to it

    def is_excluded(self) -> bool:
        return not isinstance(self.view, Surface)

    def get_auth(self) -> list[Schema]:
        if access.rule_for(self.view, self.method) in access.OPEN:
            return []
        return [{name: []} for name in self.view.security]

    def get_tags(self) -> list[str]:
        """The surface."""
        return [type(self.view).__module__.partition(".api.")[2].partition(".")[0]]

    def get_operation_id(self) -> str:
        """`POST /api/v1/admin/orders/{pk}/provision` → `postV1AdminOrdersByPkProvision`."""
        words = re.sub(r"\{(\w+)\}", r"by-\1", self.path.removeprefix("/api"))
        return self.method.lower() + "".join(word[:1].upper() + word[1:] for word in re.split(r"\W|_", words))

    def get_override_parameters(self) -> list[Any]:
        """An Idempotency-Key, where the verb takes one."""
        return idempotency.PARAMETERS if self.view.idempotent and self.method == "POST" else []

    def _get_paginator(self) -> None:
        """Pages are told here: their shape is the surface's."""

    def _get_pagination_parameters(self) -> list[Schema]:
        paginator = self.view.pagination_class
        if paginator is None or not self._is_list_view():
            return []
        parameters: list[Schema] = paginator().get_schema_operation_parameters(self.view)
        return parameters

    def _get_response_bodies(self, direction: Any = "response") -> Schema:
        bodies: Schema = super()._get_response_bodies(direction)
        for status in failures_of(self.view, self.method, is_of_one="{" in self.path):
            bodies.setdefault(str(status.value), self._failure(status))
        bodies["default"] = {"$ref": f"#/components/responses/{self.view.shape.name}{ANY_FAILURE}"}
        return dict(sorted(bodies.items()))

    def _failure(self, status: HTTPStatus) -> Schema:
        return {"$ref": f"#/components/responses/{response_name(self.view.shape, status)}"}

    def _get_response_for_code(
        self, serializer: Any, status_code: str, media_types: Any = None, direction: Any = "response"
    ) -> Schema:
        response: Schema = super()._get_response_for_code(  # type: ignore[no-untyped-call]
            serializer, status_code, media_types, direction
        )
        if status_code[0] in "45":
            if "content" in response:
                return response
            status = HTTPStatus(int(status_code))
            described = str(serializer.description) if isinstance(serializer, OpenApiResponse) else ""
            return failure_response(self.view.shape, status, described) if described else self._failure(status)
        media = response.get("content", {}).get("application/json")
        if media:
            media["schema"] = self._shaped(media["schema"])
        return response

    def _shaped(self, schema: Schema) -> Schema:
        paginator = self.view.pagination_class
        if paginator is not None and self._is_list_view() and schema.get("type") == "array":
            return paged(self.view.shape, schema, paginator.meta_schema)
        return enveloped(self.view.shape, schema)
