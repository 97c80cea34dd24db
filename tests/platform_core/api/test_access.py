"""Who may call, and what anybody else is told."""

import pytest

from tests import clients
from tests.clients import ApiClient, PersonClient
from tests.conftest import StaffClient

pytestmark = pytest.mark.urls("tests.platform_core.api.example")


def test_a_protected_path_asks_for_a_credential_before_anything_else(anonymous: ApiClient) -> None:
    for answer in (
        anonymous.get("/api/v1/customer/orders"),
        anonymous.put("/api/v1/customer/orders", {"x": 1}),
        anonymous.post("/api/v1/customer/orders", "{", content_type="application/json"),
        anonymous.get("/api/v1/customer/orders/0190a5d0-0000-7000-8000-000000000000"),
        anonymous.get("/api/v1/customer/orders?page=0"),
    ):
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="mainstay"'
        assert answer.json()["error"]["code"] == "UNAUTHORIZED"


def test_an_open_path_says_which_verbs_it_has(anonymous: ApiClient) -> None:
    answer = anonymous.put("/api/v1/public/empty")

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST, DELETE"
    assert answer.json()["error"] == {"code": "METHOD_NOT_ALLOWED", "message": 'Method "PUT" not allowed.'}


def test_options_is_a_verb_like_any_other(anonymous: ApiClient, owner: PersonClient) -> None:
    assert anonymous.options("/api/v1/customer/orders").status_code == 401
    assert owner.options("/api/v1/customer/orders").status_code == 405


def test_head_follows_get(anonymous: ApiClient, owner: PersonClient) -> None:
    answer = owner.head("/api/v1/customer/orders")

    assert answer.status_code == 200
    assert answer.content == b""
    assert anonymous.head("/api/v1/customer/orders").status_code == 401
    assert owner.put("/api/v1/customer/orders").headers["Allow"] == "GET, HEAD"


def test_a_verb_without_a_declaration_is_not_offered(owner: PersonClient) -> None:
    assert owner.get("/api/user/undeclared").status_code == 405
    assert owner.post("/api/v1/customer/products", {"code": "x", "name": "X"}).status_code == 405


def test_a_rule_that_the_surface_does_not_know_lets_nobody_in(owner: PersonClient, as_staff: StaffClient) -> None:
    assert owner.get("/api/user/unknown").status_code == 403
    assert as_staff().get("/api/user/unknown").status_code == 403


def test_staff_need_the_permission(as_staff: StaffClient, owner: PersonClient) -> None:
    allowed = as_staff("orgs.view_product").get("/api/v1/admin/products")
    refused = as_staff("orgs.add_product").get("/api/v1/admin/products")

    assert allowed.status_code == 200
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "FORBIDDEN"
    assert owner.get("/api/v1/admin/products").status_code == 403


def test_a_permission_without_being_staff_is_not_enough() -> None:
    client = clients.staff("orgs.view_product")
    client.user.is_staff = False
    client.user.save(update_fields=["is_staff"])

    assert client.get("/api/v1/admin/products").status_code == 403


def test_any_staff_member_has_a_session(as_staff: StaffClient, owner: PersonClient) -> None:
    path = "/api/v1/admin/products/0190a5d0-0000-7000-8000-000000000000"

    assert as_staff().get(path).status_code == 404
    assert owner.get(path).status_code == 403


def test_an_open_verb_beside_a_closed_one(anonymous: ApiClient) -> None:
    assert anonymous.get("/api/user/echo?success_url=x").status_code == 400
    assert anonymous.post("/api/user/echo", {}).status_code == 401
    assert anonymous.put("/api/user/echo", {}).status_code == 401
