"""One handler turns every expected failure into the answer of its surface. Unexpected ones stay loud."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as ModelInvalid
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response

from platform_core.api import envelope
from platform_core.api.envelope import Failure
from platform_core.api.names import camel
from platform_core.errors import DomainError

# What is wrong with the body as a whole.
WHOLE = "body"
FALLBACK_CODES = {
    400: "VALIDATION_ERROR",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "RATE_LIMITED",
}
INVALID = "The request is not valid."


def _fields(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Nested validation errors as (path, message), such as ("items.1.priceMinor", "A valid integer is required.")."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            whole = name in {"non_field_errors", "__all__"}
            yield from _fields(inner, path if whole else f"{path}.{camel(str(name))}".lstrip("."))
    elif isinstance(detail, Sequence) and not isinstance(detail, str):
        for position, inner in enumerate(detail):
            leaf = isinstance(inner, str)
            yield from _fields(inner, path if leaf else f"{path}.{position}".lstrip("."))
    else:
        yield path or WHOLE, str(detail)


def _of_domain(error: DomainError) -> Failure:
    fields = [(camel(name), message) for name, messages in error.details.items() for message in messages]
    return Failure(error.status, error.code, error.message, fields, error.headers)


def _of_framework(error: exceptions.APIException) -> Failure:
    if isinstance(error, exceptions.ValidationError):
        return Failure(400, "VALIDATION_ERROR", INVALID, list(_fields(error.detail)))
    headers = {}
    wait = getattr(error, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(max(1, round(wait)))
    fields = [(WHOLE, str(error.detail))] if isinstance(error, exceptions.ParseError) else []
    code = FALLBACK_CODES.get(error.status_code, "BAD_REQUEST")
    return Failure(error.status_code, code, str(error.detail), fields, headers)


def _of_django(error: Exception) -> Failure | None:
    match error:
        case Http404():
            return Failure(404, "NOT_FOUND", "Not found.")
        case PermissionDenied():
            return Failure(403, "FORBIDDEN", "You do not have permission to perform this action.")
        case ModelInvalid():
            detail = error.message_dict if hasattr(error, "error_dict") else error.messages
            return Failure(400, "VALIDATION_ERROR", INVALID, list(_fields(detail)))
        case RequestDataTooBig():
            return Failure(413, "PAYLOAD_TOO_LARGE", "The request body is too large.", [(WHOLE, "Too large.")])
        case SuspiciousOperation():
            return Failure(400, "BAD_REQUEST", "The request was refused.")
        case UnreadablePostError():
            return Failure(400, "BAD_REQUEST", "The request body ended early.")
    return None


def failure_of(error: Exception) -> Failure | None:
    """What to tell of an expected failure; None for any other."""
    if isinstance(error, DomainError):
        return _of_domain(error)
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    return _of_django(error)


def handle_exception(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """REST framework's hook. None lets the error rise to Django, which logs it and calls the 500 handler."""
    failure = failure_of(error)
    if failure is None:
        return None
    view, request = context["view"], context["request"]
    headers = dict(failure.headers)
    if failure.status == 401:  # noqa: PLR2004
        headers["WWW-Authenticate"] = view.challenge
    if isinstance(error, exceptions.MethodNotAllowed):
        headers["Allow"] = ", ".join(view.allowed_methods)
    body, media_type = envelope.render(view.shape, failure, path=request.path, accept=request.headers.get("Accept", ""))
    return Response(body, status=failure.status, headers=headers, content_type=media_type)
