"""Answers where no view gave one."""

import logging
from typing import Any

import pytest
from django.test import Client, RequestFactory

from platform_core import fallback
from tests.clients import ApiClient
from tests.platform_core.api.example import FAILURES

pytestmark = pytest.mark.urls("tests.platform_core.api.example")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/admin/nothing", {"success": False, "error": {"code": "NOT_FOUND", "message": "Not found."}}),
        ("/api/v1/nothing", {"code": "NOT_FOUND", "message": "Not found."}),
        ("/auth/nothing", {"code": "NOT_FOUND", "message": "Not found."}),
        (
            "/api/v1/customer/orders/not-a-uuid",
            {"success": False, "error": {"code": "NOT_FOUND", "message": "Not found."}},
        ),
    ],
)
def test_an_unknown_path_is_answered_in_its_surfaces_shape(anonymous: ApiClient, path: str, body: Any) -> None:
    answer = anonymous.get(path)

    assert answer.status_code == 404
    assert answer.json() == body


def test_an_unknown_path_as_problem_details(anonymous: ApiClient) -> None:
    answer = anonymous.get("/api/v1/admin/nothing", headers={"Accept": "application/problem+json"})

    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["requestId"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("fail", "status", "code"),
    [("suspicious", 400, "BAD_REQUEST"), ("django-403", 403, "FORBIDDEN"), ("bug", 500, "INTERNAL_SERVER_ERROR")],
)
def test_a_failure_outside_a_view_of_ours(anonymous: ApiClient, fail: str, status: int, code: str) -> None:
    anonymous.raise_request_exception = False

    answer = anonymous.get("/api/page", {"fail": fail})

    assert answer.status_code == status
    assert answer.json()["code"] == code
    assert "secret" not in answer.content.decode()
    assert "hunter2" not in answer.content.decode()


def test_the_hub_names_its_own_code(anonymous: ApiClient, caplog: pytest.LogCaptureFixture) -> None:
    anonymous.raise_request_exception = False

    with caplog.at_level(logging.ERROR):
        answer = anonymous.get("/api/v1/admin/page", {"fail": "bug"}, headers={"X-Request-Id": "abcdefgh"})

    assert answer.json()["error"] == {
        "code": "INTERNAL_ERROR",
        "message": "Something went wrong on our side. Quote abcdefgh when you report it.",
    }
    assert "hunter2" in caplog.text


@pytest.mark.parametrize(("path", "error"), [("/api/page", ()), ("/api/v1/admin/page", ("error",))])
def test_a_database_that_is_away_is_asked_again(anonymous: ApiClient, path: str, error: tuple[str, ...]) -> None:
    anonymous.raise_request_exception = False

    answer = anonymous.get(path, {"fail": "away"})

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    body = answer.json()
    for name in error:
        body = body[name]
    assert body == {
        "code": "SERVICE_UNAVAILABLE",
        "message": "We cannot reach our data at the moment. Try again in a few seconds.",
    }


def test_a_database_that_is_away_as_a_page(anonymous: ApiClient) -> None:
    anonymous.raise_request_exception = False

    answer = anonymous.get("/page", {"fail": "away"})

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "Error 503" in answer.content.decode()
    assert "hunter2" not in answer.content.decode()


def test_a_form_without_its_token() -> None:
    answer = Client(enforce_csrf_checks=True).post("/api/page", {})

    assert answer.status_code == 403
    assert answer.json()["code"] == "FORBIDDEN"
    assert answer.json()["message"].startswith("CSRF check failed: CSRF cookie not set")


@pytest.mark.parametrize(
    ("fail", "status"), [("suspicious", 400), ("django-403", 403), ("django-404", 404), ("bug", 500)]
)
@pytest.mark.urls("config.urls")
def test_pages_are_answered_with_pages(fail: str, status: int) -> None:
    request = RequestFactory().get("/page")
    answers = {
        400: lambda: fallback.bad_request(request, FAILURES[fail]),
        403: lambda: fallback.permission_denied(request, FAILURES[fail]),
        404: lambda: fallback.page_not_found(request, FAILURES[fail]),
        500: lambda: fallback.server_error(request),
    }

    answer = answers[status]()

    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "hunter2" not in answer.content.decode()


@pytest.mark.urls("config.urls")
def test_a_refused_form_on_a_page_is_a_page() -> None:
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {})

    assert answer.status_code == 403
    assert answer.headers["Content-Type"].startswith("text/html")
