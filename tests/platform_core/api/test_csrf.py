"""A browser's credential needs proof that our own page sent the request."""

from typing import Any

import pytest

from orgs.models import Product
from tests import clients, make
from tests.clients import ApiClient, PersonClient

pytestmark = pytest.mark.urls("tests.platform_core.api.example")
BODY = {"code": "pages", "name": "Pages"}
PATH = "/api/v1/admin/products"
SECRET = "a" * 32


@pytest.fixture
def browser() -> PersonClient:
    """Staff in a browser: a session and the CSRF cookie."""
    client = PersonClient(clients.staff("orgs.view_product", "orgs.add_product").user, enforce_csrf_checks=True)
    client.cookies["csrf"] = SECRET
    return client


def test_a_session_writes_with_the_token(browser: PersonClient) -> None:
    answer = browser.post(PATH, BODY, headers={"X-CSRFToken": SECRET, "Origin": "http://testserver"})

    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "CSRF token missing"),
        ({"X-CSRFToken": "b" * 32}, "CSRF token from the 'X-Csrftoken' HTTP header incorrect"),
        ({"X-CSRFToken": SECRET, "Origin": "https://evil.test"}, "Origin checking failed"),
        ({"X-CSRFToken": SECRET}, "Neither Origin nor Sec-Fetch-Site"),
        ({"X-CSRFToken": SECRET, "Sec-Fetch-Site": "cross-site"}, "Neither Origin nor Sec-Fetch-Site"),
    ],
)
def test_a_session_does_not_write_otherwise(browser: PersonClient, headers: dict[str, str], reason: str) -> None:
    answer = browser.post(PATH, BODY, headers=headers)

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "FORBIDDEN"
    assert reason in answer.json()["error"]["message"]
    assert not Product.objects.exists()


def test_reading_needs_no_token(browser: PersonClient) -> None:
    assert browser.get(PATH).status_code == 200


def test_a_refusal_for_want_of_permission_comes_after_the_check() -> None:
    client = PersonClient(make.user(), enforce_csrf_checks=True)

    assert "CSRF" in client.post(PATH, BODY).json()["error"]["message"]


def test_machines_are_not_browsers(settings: Any) -> None:
    client = ApiClient(enforce_csrf_checks=True)

    assert client.post("/api/v1/cron/count", headers={"x-cron-token": "test-cron-token"}).status_code == 200
    assert client.post("/webhooks/hook", {"a": 1}).status_code == 200
