"""What a surface does for its views."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from orgs.models import Membership, Product
from platform_core.models import AuditEvent
from tenants.models import Order
from tests import make
from tests.clients import ApiClient, PersonClient
from tests.conftest import StaffClient

pytestmark = pytest.mark.urls("tests.platform_core.api.example")
ORDERS = "/api/v1/customer/orders"
PRODUCTS = "/api/v1/admin/products"


def test_a_customer_sees_the_orders_of_their_organizations(
    owner: PersonClient, member: PersonClient, outsider: PersonClient
) -> None:
    order = make.order(owner.organization, domain="bakery.test")

    for caller in (owner, member):
        (row,) = caller.get(ORDERS).json()["data"]
        assert row["id"] == str(order.pk)
        assert row["domain"] == "bakery.test"
        assert row["createdAt"] == order.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert outsider.get(ORDERS).json()["data"] == []


def test_the_row_of_a_stranger_is_a_row_that_does_not_exist(owner: PersonClient, outsider: PersonClient) -> None:
    order = make.order(owner.organization)

    answers = [
        outsider.get(f"{ORDERS}/{order.pk}"),
        outsider.patch(f"{ORDERS}/{order.pk}", {"domain": "mine.test"}),
        outsider.delete(f"{ORDERS}/{order.pk}"),
        outsider.get(f"{ORDERS}/0190a5d0-0000-7000-8000-000000000000"),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    order.refresh_from_db()
    assert order.domain != "mine.test"


def test_visible_to_narrows_within_the_scope(owner: PersonClient, outsider: PersonClient, settings: Any) -> None:
    settings.SURFACE_ORGANIZATIONS = "tests.platform_core.api.example.every_organization"
    order = make.order(owner.organization)

    assert outsider.get(ORDERS).json()["data"] == []
    assert outsider.get(f"{ORDERS}/{order.pk}").status_code == 404
    assert len(owner.get(ORDERS).json()["data"]) == 1


def test_the_scope_holds_where_a_view_forgets_to_narrow(owner: PersonClient, outsider: PersonClient) -> None:
    make.order(owner.organization)

    assert owner.get(f"{ORDERS}/count").json()["data"] == {"count": 1}
    assert outsider.get(f"{ORDERS}/count").json()["data"] == {"count": 0}


def test_a_suspended_member_sees_nothing(member: PersonClient) -> None:
    make.order(member.organization)
    Membership.objects.filter(user=member.user).update(status=Membership.Status.SUSPENDED)

    assert member.get(ORDERS).json()["data"] == []


def test_staff_are_nobody_on_a_customers_surface(as_staff: StaffClient) -> None:
    make.order()

    assert as_staff("tenants.view_order").get(ORDERS).json()["data"] == []


def test_rows_of_everybody_are_shown_as_they_are(owner: PersonClient) -> None:
    make.product("pages")

    assert [row["code"] for row in owner.get("/api/v1/customer/products").json()["data"]] == ["pages"]


def test_a_tenants_rows_are_not_shown_without_a_rule_for_whom(owner: PersonClient) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"AuditEvent .* no visible_to"):
        owner.get("/api/v1/customer/events")


def test_a_customers_change_is_saved_with_its_audit_event(owner: PersonClient) -> None:
    order = make.order(owner.organization, domain="old.test")

    answer = owner.patch(f"{ORDERS}/{order.pk}", {"domain": "new.test"})

    event = AuditEvent.objects.get()
    assert answer.status_code == 200
    assert Order.objects.get().domain == "new.test"
    assert (event.action, event.actor_type, event.actor_id) == ("order.update", "user", str(owner.user.pk))
    assert event.organization_id == owner.organization.pk
    assert event.changes == {"domain": "new.test"}
    assert event.request_id == answer.headers["X-Request-Id"]


def test_staff_create_with_an_audit_event(as_staff: StaffClient) -> None:
    staff = as_staff("orgs.add_product")

    answer = staff.post(PRODUCTS, {"code": "pages", "name": "Pages"})

    event = AuditEvent.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {"success": True, "data": {"code": "pages", "name": "Pages", "isBundle": False}}
    assert (event.action, event.actor_type, event.actor_label) == ("product.create", "staff", staff.user.email)
    assert event.target_id == str(Product.objects.get().pk)


def test_staff_delete_with_an_audit_event(as_staff: StaffClient) -> None:
    product = make.product("pages")

    answer = as_staff("orgs.delete_product").delete(f"{PRODUCTS}/{product.pk}")

    event = AuditEvent.objects.get()
    assert answer.status_code == 204
    assert answer.content == b""
    assert not Product.objects.exists()
    assert (event.action, event.target_id, event.target_label) == ("product.delete", str(product.pk), "Pages")


def test_a_refused_write_leaves_neither_row_nor_event(as_staff: StaffClient) -> None:
    make.product("pages")

    answer = as_staff("orgs.add_product").post(PRODUCTS, {"code": "pages", "name": "Again"})

    assert answer.status_code == 400
    assert [detail["field"] for detail in answer.json()["error"]["details"]] == ["code"]
    assert Product.objects.count() == 1
    assert not AuditEvent.objects.exists()


def test_an_answer_without_content_is_not_wrapped(anonymous: ApiClient) -> None:
    assert anonymous.post("/api/v1/public/empty").content == b""
    assert anonymous.delete("/api/v1/public/empty").json() == {"success": True, "data": None}


def test_a_body_where_none_is_taken_is_refused(anonymous: ApiClient) -> None:
    answer = anonymous.post("/api/v1/public/empty", {"force": True})

    assert answer.json()["error"]["details"] == [{"field": "force", "message": "Unknown field."}]


def test_nobody_is_no_actor(anonymous: ApiClient) -> None:
    assert anonymous.post("/api/user/unknown").status_code == 401


def test_a_signed_in_person_is_the_actor_on_an_open_verb_too(owner: PersonClient) -> None:
    assert owner.post("/api/user/unknown").json() == {"email": "owner@harbour.test"}


def test_a_list_without_pages_says_so(as_staff: StaffClient) -> None:
    with pytest.raises(ImproperlyConfigured, match="Unpaged has no pages"):
        as_staff().get("/api/admin/unpaged")


@pytest.mark.parametrize("accept", ["text/html", "application/xml;q=0.1", "nonsense", "", "application/problem+json"])
def test_a_result_beats_a_406(owner: PersonClient, accept: str) -> None:
    answer = owner.get(ORDERS, headers={"Accept": accept})

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"


def test_a_list_may_be_filtered_and_paged_at_once(owner: PersonClient) -> None:
    make.order(owner.organization)
    done = make.order(owner.organization, status=Order.Status.FULFILLED)

    answer = owner.get(ORDERS, {"status": "FULFILLED", "page": "1", "pageSize": "5"}).json()

    assert [row["id"] for row in answer["data"]] == [str(done.pk)]
    assert answer["meta"] == {"page": 1, "pageSize": 5, "total": 1}


@pytest.mark.parametrize("query", [{"status": "ODD"}, {"odd": "1"}, {"limit": "1"}])
def test_a_filter_that_does_not_exist_is_named(owner: PersonClient, query: dict[str, str]) -> None:
    answer = owner.get(ORDERS, query)

    assert answer.status_code == 400
    assert [detail["field"] for detail in answer.json()["error"]["details"]] == list(query)


def test_no_cache_keeps_an_answer(owner: PersonClient, anonymous: ApiClient) -> None:
    assert owner.get(ORDERS).headers["Cache-Control"] == "no-store"
    assert anonymous.get(ORDERS).headers["Cache-Control"] == "no-store"


def test_a_webhook_gets_the_bytes_as_they_came(anonymous: ApiClient) -> None:
    make.order()

    for content_type in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
        answer: Any = anonymous.post("/webhooks/hook", b"not json", content_type=content_type)
        assert answer.json() == {"bytes": 8, "orders": 1}


def test_a_scope_ends_with_its_request(owner: PersonClient, outsider: PersonClient) -> None:
    make.order(owner.organization)
    make.order(outsider.organization)

    assert len(owner.get(ORDERS).json()["data"]) == 1
    assert len(outsider.get(ORDERS).json()["data"]) == 1
    assert Order.objects.count() == 2
