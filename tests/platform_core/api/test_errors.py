"""Every expected failure in the shape of its surface; every other one loud, and silent about itself."""

import logging
from typing import Any

import pytest

from tests.clients import ApiClient, PersonClient

pytestmark = pytest.mark.urls("tests.platform_core.api.example")
PROBLEM = {"Accept": "application/problem+json"}

EXPECTED: list[tuple[str, int, str, str, dict[str, list[str]]]] = [
    ("conflict", 409, "CONFLICT", "Not now.", {"planCode": ["Is taken.", "Is old."]}),
    ("busy", 502, "UPSTREAM_ERROR", "Later.", {}),
    ("throttled", 429, "RATE_LIMITED", "Request was throttled. Expected available in 3 seconds.", {}),
    ("unsupported", 500, "BAD_REQUEST", "Odd.", {}),
    ("django-404", 404, "NOT_FOUND", "Not found.", {}),
    ("django-403", 403, "FORBIDDEN", "You do not have permission to perform this action.", {}),
    ("model", 400, "VALIDATION_ERROR", "The request is not valid.", {"billingEmail": ["Not an address."]}),
    ("model-whole", 400, "VALIDATION_ERROR", "The request is not valid.", {"body": ["Nope."]}),
    ("too-big", 413, "PAYLOAD_TOO_LARGE", "The request body is too large.", {"body": ["Too large."]}),
    ("suspicious", 400, "BAD_REQUEST", "The request was refused.", {}),
    ("unreadable", 400, "BAD_REQUEST", "The request body ended early.", {}),
]


@pytest.mark.parametrize(("name", "status", "code", "message", "details"), EXPECTED)
def test_the_platform_shape(
    anonymous: ApiClient, name: str, status: int, code: str, message: str, details: dict[str, list[str]]
) -> None:
    answer = anonymous.get(f"/health/fail/{name}")

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {"code": code, "message": message} | ({"details": details} if details else {})


@pytest.mark.parametrize(("name", "status", "code", "message", "details"), EXPECTED)
def test_the_hub_shape(
    anonymous: ApiClient, name: str, status: int, code: str, message: str, details: dict[str, list[str]]
) -> None:
    answer = anonymous.get(f"/api/v1/public/fail/{name}")

    listed = [{"field": field, "message": text} for field, texts in details.items() for text in texts]
    error: dict[str, Any] = {"code": code, "message": message} | ({"details": listed} if listed else {})
    assert answer.status_code == status
    assert answer.json() == {"success": False, "error": error}


@pytest.mark.parametrize("prefix", ["/api/v1/public/fail", "/health/fail"])
def test_problem_details_on_either(anonymous: ApiClient, prefix: str) -> None:
    answer = anonymous.get(f"{prefix}/conflict", headers=PROBLEM)

    assert answer.status_code == 409
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"][0] == {"field": "planCode", "message": "Is taken."}
    assert answer.json()["requestId"] == answer.headers["X-Request-Id"]


def test_a_caller_is_told_when_to_come_back(anonymous: ApiClient) -> None:
    assert anonymous.get("/health/fail/throttled").headers["Retry-After"] == "3"
    assert anonymous.get("/health/fail/busy").headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("prefix", "code"), [("/api/v1/public/fail", "INTERNAL_ERROR"), ("/health/fail", "INTERNAL_SERVER_ERROR")]
)
@pytest.mark.parametrize("headers", [{}, PROBLEM])
def test_a_bug_is_logged_and_not_told(
    anonymous: ApiClient, caplog: pytest.LogCaptureFixture, prefix: str, code: str, headers: dict[str, str]
) -> None:
    anonymous.raise_request_exception = False

    with caplog.at_level(logging.ERROR):
        answer = anonymous.get(f"{prefix}/bug", headers=headers)

    body = answer.json()
    assert answer.status_code == 500
    assert code in (body.get("code"), body.get("error", {}).get("code"))
    assert "hunter2" not in answer.content.decode()
    assert answer.headers["X-Request-Id"] in answer.content.decode()
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ZeroDivisionError]


def test_every_wrong_field_is_named_in_camel_case(owner: PersonClient) -> None:
    body = {"successUrl": "no url", "items": [{"unitPrice": 1}, {"unitPrice": -1, "odd": 1}], "other_thing": 2}

    details = owner.post("/api/user/echo", body).json()["details"]

    assert details == {
        "successUrl": ["Enter a valid URL."],
        "otherThing": ["Unknown field."],
        "items.1.unitPrice": ["Ensure this value is greater than or equal to 0."],
        "items.1.odd": ["Unknown field."],
    }


def test_an_error_of_the_whole_has_a_name_too(owner: PersonClient) -> None:
    answer = owner.post("/api/user/echo", {"successUrl": "https://example.com"})

    assert answer.json()["details"] == {"body": ["Not that one."]}
