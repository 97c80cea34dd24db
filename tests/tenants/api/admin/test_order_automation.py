"""Whether an order goes on by itself."""

from tenants.models import Order
from tests import make
from tests.conftest import StaffClient


def test_the_mode_is_shown(as_staff: StaffClient) -> None:
    order = make.order(automation=Order.Automation.PAUSED)

    response = as_staff("tenants.view_order").get(f"/api/v1/admin/orders/{order.pk}/automation")

    assert response.json()["data"] == {"automationMode": "PAUSED", "status": "PAYMENT_CONFIRMED"}
