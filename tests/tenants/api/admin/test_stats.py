"""The platform in numbers."""

from billing.models import Invoice
from tenants.models import Order
from tests import make
from tests.conftest import StaffClient


def test_the_platform_in_numbers(as_staff: StaffClient) -> None:
    organization = make.organization()
    subscription = make.subscription(organization)
    make.order(organization, subscription, status=Order.Status.FULFILLED)
    make.invoice(subscription, status=Invoice.Status.PAID, paid_minor=2_900)

    data = as_staff("tenants.view_order").get("/api/v1/admin/stats").json()["data"]

    assert (data["totalCustomers"], data["totalOrders"], data["activeSubscriptions"]) == (1, 1, 1)
    assert data["ordersByStatus"]["FULFILLED"] == 1
    assert data["serversByStatus"] == {"reserved": 0, "online": 0, "late": 0, "offline": 0}
    assert data["failingJobs"] == 0
    assert data["monthlyRecurring"] == [{"currency": "USD", "amountMinor": 2_900}]
    assert data["revenue"] == [{"currency": "USD", "amountMinor": 2_900}]


def test_another_permission_is_not_enough(as_staff: StaffClient) -> None:
    assert as_staff("tenants.view_server").get("/api/v1/admin/stats").status_code == 403
