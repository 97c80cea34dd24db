"""A middleware of the test suite: what an endpoint refuses with is in the API's description."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from platform_core.api.schema import failures_of
from platform_core.api.surfaces import Surface

# A verb that the address does not take stands in no description.
NO_SUCH_VERB = HTTPStatus.METHOD_NOT_ALLOWED


class Undeclared(AssertionError):
    """An endpoint refused in a way that nobody who reads its description expects."""


class FailuresAreDeclared:
    """Watches the refusals of the API. Add `failures = {"POST": [409]}` to a view that refuses by its own rules."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if HTTPStatus.BAD_REQUEST <= response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            _check(request, HTTPStatus(response.status_code))
        return response


def _check(request: HttpRequest, status: HTTPStatus) -> None:
    match = request.resolver_match
    view = getattr(match.func, "cls", None) if match else None
    if match is None or view is None or not issubclass(view, Surface) or status is NO_SUCH_VERB:
        return
    if view.__module__.startswith("tests."):
        # Examples that refuse in whichever way a test wants.
        return
    method = "GET" if request.method == "HEAD" else str(request.method)
    if status not in failures_of(view, method, is_of_one=bool(match.kwargs)):
        raise Undeclared(f"{request.method} {request.path} refused with {int(status)}, which {view.__name__} hides.")
