"""Shapes of answers, by surface."""

import pytest

from platform_core import context
from platform_core.api import envelope
from platform_core.api.envelope import HUB, PLATFORM, Failure, Page, Shape, shape_of, wants_problem

FAILURE = Failure(409, "CONFLICT", "Not now.", [("plan", "Taken."), ("plan", "Old."), ("seats", "Too few.")])


def test_the_hub_wraps_results() -> None:
    assert HUB.success({"a": 1}) == {"success": True, "data": {"a": 1}}
    assert HUB.success(None) == {"success": True, "data": None}
    assert HUB.success(Page([1], {"total": 1})) == {"success": True, "data": [1], "meta": {"total": 1}}


def test_the_platform_answers_the_bare_object() -> None:
    assert PLATFORM.success({"a": 1}) == {"a": 1}
    assert PLATFORM.success(Page([1], {"total": 1})) == {"items": [1], "meta": {"total": 1}}


def test_the_hub_lists_every_message_with_its_field() -> None:
    details = [
        {"field": "plan", "message": "Taken."},
        {"field": "plan", "message": "Old."},
        {"field": "seats", "message": "Too few."},
    ]

    assert HUB.failure(FAILURE) == {
        "success": False,
        "error": {"code": "CONFLICT", "message": "Not now.", "details": details},
    }
    assert HUB.failure(Failure(404, "NOT_FOUND", "No.")) == {
        "success": False,
        "error": {"code": "NOT_FOUND", "message": "No."},
    }


def test_the_platform_groups_messages_by_field() -> None:
    assert PLATFORM.failure(FAILURE) == {
        "code": "CONFLICT",
        "message": "Not now.",
        "details": {"plan": ["Taken.", "Old."], "seats": ["Too few."]},
    }
    assert PLATFORM.failure(Failure(404, "NOT_FOUND", "No.")) == {"code": "NOT_FOUND", "message": "No."}


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/api/v1/admin/orders", HUB),
        ("/api/v1/customer", HUB),
        ("/api/v1/tenant/heartbeat", HUB),
        ("/api/v1/public/orders", HUB),
        ("/api/v1/cron/billing-cycle", HUB),
        ("/api/v1/profile", HUB),
        ("/api/v1/setup", HUB),
        ("/api/v1/auth/2fa/status", HUB),
        ("/api/v1/webhooks/stripe", PLATFORM),
        ("/api/v1/users/me", PLATFORM),
        ("/api/v1/health/ready", PLATFORM),
        ("/api/v1", PLATFORM),
        ("/api/v1/administrators", PLATFORM),
        ("/api/admin/plans", PLATFORM),
        ("/api/user/auth/login", PLATFORM),
        ("/api/auth/csrf", PLATFORM),
        ("/auth/me", PLATFORM),
        ("/internal/payments", PLATFORM),
        ("/webhooks/stripe", PLATFORM),
        ("/health", PLATFORM),
        ("/", None),
        ("/admin/", None),
        ("/invoices/api", None),
        ("/healthy", None),
    ],
)
def test_the_path_tells_the_shape(path: str, shape: Shape | None) -> None:
    assert shape_of(path) is shape


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("application/problem+json", True),
        ("application/json, application/problem+json;q=0.5", True),
        ("Application/Problem+JSON", True),
        ("application/problem+json; q=0", False),
        ("application/problem+json;q = 0.0", False),
        ("application/json", False),
        ("*/*", False),
        ("", False),
        (",;,", False),
    ],
)
def test_a_caller_asks_for_problem_details_by_name(accept: str, *, wanted: bool) -> None:
    assert wants_problem(accept) is wanted


def test_problem_details_tell_the_same_failure() -> None:
    context.begin(context.RequestContext("req_12345678"))

    body, media_type = envelope.render(HUB, FAILURE, path="/api/v1/admin/x", accept="application/problem+json")

    assert media_type == "application/problem+json"
    assert body == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "Not now.",
        "instance": "/api/v1/admin/x",
        "code": "CONFLICT",
        "requestId": "req_12345678",
        "errors": [
            {"field": "plan", "message": "Taken."},
            {"field": "plan", "message": "Old."},
            {"field": "seats", "message": "Too few."},
        ],
    }


def test_problem_details_outside_a_request_name_none() -> None:
    body = envelope.problem(Failure(404, "NOT_FOUND", "No."), "/x")

    assert body["requestId"] is None
    assert "errors" not in body
