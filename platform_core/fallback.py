"""Answers where no view gave one: unknown paths, refused forms, and errors nobody expected.

Under an API's prefixes they take the surface's shape; elsewhere they are pages.
"""

import sys
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import csrf, defaults

from platform_core import context, denied
from platform_core.api import envelope
from platform_core.api.envelope import Failure, Shape
from platform_core.errors import DomainError
from platform_core.portal import errors

# How a database says that it is away, full or too busy; and in how many seconds one may ask again.
AWAY = (OperationalError, InterfaceError)
AWAY_SECONDS = "5"


def _answer(request: HttpRequest, shape: Shape, status: HTTPStatus, code: str, message: str) -> HttpResponse:
    failure = Failure(status, code, message)
    body, media_type = envelope.render(shape, failure, path=request.path, accept=request.headers.get("Accept", ""))
    return JsonResponse(body, status=status, content_type=media_type)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400."""
    shape = envelope.shape_of(request.path)
    if shape is None:
        return defaults.bad_request(request, exception)
    return _answer(request, shape, HTTPStatus.BAD_REQUEST, "BAD_REQUEST", "The request was refused.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403. What staff may not do in their console is told as it is elsewhere."""
    shape = envelope.shape_of(request.path)
    if shape is None:
        # What is refused before it is known who asks has nobody to tell of.
        person = getattr(request, "user", None)
        if person is not None and person.is_authenticated:
            denied.tell(request, person)
        return defaults.permission_denied(request, exception)
    message = "You do not have permission to perform this action."
    return _answer(request, shape, HTTPStatus.FORBIDDEN, "FORBIDDEN", message)


def refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    """An expected failure that stands before any view."""
    shape = envelope.shape_of(request.path)
    if shape is None:
        return errors.problem(request, error)
    return _answer(request, shape, HTTPStatus(error.status), error.code, error.message)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404."""
    shape = envelope.shape_of(request.path)
    if shape is None:
        return defaults.page_not_found(request, exception)
    return _answer(request, shape, HTTPStatus.NOT_FOUND, "NOT_FOUND", "Not found.")


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: the log has the traceback under the request id that the caller is given, and nothing else."""
    if isinstance(sys.exception(), AWAY):
        return _away(request)
    shape = envelope.shape_of(request.path)
    if shape is None:
        return errors.server_error(request)
    current = context.current()
    reference = f" Quote {current.request_id} when you report it." if current else ""
    message = f"Something went wrong on our side.{reference}"
    return _answer(request, shape, HTTPStatus.INTERNAL_SERVER_ERROR, shape.internal_code, message)


def _away(request: HttpRequest) -> HttpResponse:
    """Neither the request nor our code is wrong: it may come again."""
    shape = envelope.shape_of(request.path)
    if shape is None:
        response = errors.server_error(request, status=HTTPStatus.SERVICE_UNAVAILABLE)
    else:
        message = "We cannot reach our data at the moment. Try again in a few seconds."
        response = _answer(request, shape, HTTPStatus.SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", message)
    response["Retry-After"] = AWAY_SECONDS
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW."""
    shape = envelope.shape_of(request.path)
    if shape is None:
        return csrf.csrf_failure(request, reason)
    return _answer(request, shape, HTTPStatus.FORBIDDEN, "FORBIDDEN", f"CSRF check failed: {reason}")
