"""Expected failures and crashes, as pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from platform_core import context
from platform_core.errors import DomainError

HEADINGS = {
    402: "The payment did not go through",
    403: "You may not do this",
    404: "There is nothing here",
    405: "This address is not for that",
    409: "That cannot be done now",
    413: "That is too large",
    502: "A service we depend on did not answer",
}


def problem(request: HttpRequest, error: DomainError) -> HttpResponse:
    """An expected failure, in its own words and under its own status."""
    heading = HEADINGS.get(error.status, "That did not work")
    return render(
        request,
        "problem.html",
        {"heading": heading, "message": error.message, "code": error.status},
        status=error.status,
    )


def server_error(request: HttpRequest, status: int = 500) -> HttpResponse:
    """A crash, or a database that is away: nothing is shown but the request id that finds it in the log."""
    current = context.current()
    values = {"request_id": current.request_id if current else "", "code": int(status)}
    return render(request, "500.html", values, status=status)
