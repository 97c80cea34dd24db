"""Errors as pages: their own words, their status, and nothing of what went on inside."""

import pytest
from django.test import RequestFactory

from platform_core import context
from platform_core.errors import Conflict, DomainError, NotAllowed, PaymentRequired, UpstreamError
from platform_core.portal.errors import problem, server_error
from tests.pages import Browser, Outline


@pytest.mark.parametrize(
    ("error", "status", "heading"),
    [
        (PaymentRequired("No card."), 402, "The payment did not go through"),
        (NotAllowed("Not you."), 403, "You may not do this"),
        (Conflict("Not now."), 409, "That cannot be done now"),
        (UpstreamError("Stripe is down."), 502, "A service we depend on did not answer"),
        (DomainError("Whatever."), 400, "That did not work"),
    ],
)
def test_an_expected_failure_is_a_page_in_its_own_words(error: DomainError, status: int, heading: str) -> None:
    request = RequestFactory().get("/")
    request.user = None  # type: ignore[assignment]

    answer = problem(request, error)

    assert answer.status_code == status
    assert f"<h1>{heading}</h1>" in answer.content.decode()
    assert error.message in answer.content.decode()


def test_an_unknown_address_is_a_sound_page() -> None:
    page = Browser().read("/no/such/page")

    assert (page.status, page.heading) == (404, "There is nothing here")


def test_a_crash_tells_only_the_id_that_finds_it() -> None:
    context.begin(context.RequestContext("req_0123456789"))
    outline = Outline()

    answer = server_error(RequestFactory().get("/"))

    outline.feed(answer.content.decode())
    assert answer.status_code == 500
    assert outline.faults() == []
    assert "req_0123456789" in answer.content.decode()
