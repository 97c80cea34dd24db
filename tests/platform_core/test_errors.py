"""Expected failures carry what every edge needs to tell them."""

import pytest

from platform_core import errors


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (errors.DomainError, 400, "BAD_REQUEST"),
        (errors.InvalidInput, 400, "VALIDATION_ERROR"),
        (errors.NotAuthenticated, 401, "UNAUTHORIZED"),
        (errors.PaymentRequired, 402, "PLAN_REQUIRED"),
        (errors.NotAllowed, 403, "FORBIDDEN"),
        (errors.NotFound, 404, "NOT_FOUND"),
        (errors.Conflict, 409, "CONFLICT"),
        (errors.UpstreamError, 502, "UPSTREAM_ERROR"),
    ],
)
def test_each_kind_has_its_status_and_code(kind: type[errors.DomainError], status: int, code: str) -> None:
    error = kind("Because.")

    assert (error.status, error.code, error.message, str(error)) == (status, code, "Because.", "Because.")
    assert error.details == {}
    assert error.headers == {}


def test_one_failure_may_be_more_precise() -> None:
    error = errors.Conflict("No.", code="LAST_OWNER", details={"role": ["Keep one."]}, headers={"Retry-After": "1"})

    assert error.code == "LAST_OWNER"
    assert error.details == {"role": ["Keep one."]}
    assert error.headers == {"Retry-After": "1"}
    assert errors.Conflict.code == "CONFLICT"
