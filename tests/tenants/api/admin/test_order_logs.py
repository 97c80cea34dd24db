"""What an order's job says, for staff."""

from tests import make
from tests.conftest import StaffClient
from tests.tenants.api.test_logs import say


def test_staff_follow_any_order(as_staff: StaffClient) -> None:
    order = make.order()
    say(order, "a")

    data = as_staff("tenants.view_order").get(f"/api/v1/admin/orders/{order.pk}/logs").json()["data"]

    assert [line["text"] for line in data["lines"]] == ["a"]


def test_another_permission_is_not_enough(as_staff: StaffClient) -> None:
    path = f"/api/v1/admin/orders/{make.order().pk}/logs"
    assert as_staff("tenants.view_server").get(path).status_code == 403


def test_an_unknown_order_is_not_found(as_staff: StaffClient) -> None:
    path = "/api/v1/admin/orders/00000000-0000-7000-8000-000000000000/logs"
    assert as_staff("tenants.view_order").get(path).status_code == 404
