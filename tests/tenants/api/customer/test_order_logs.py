"""What is being done for an order, live."""

from platform_core.models import Job
from tests import make
from tests.clients import ApiClient, PersonClient
from tests.tenants.api.test_logs import say


def test_a_customer_follows_the_own_order(owner: PersonClient) -> None:
    order = make.order(owner.organization)
    say(order, "a", "b", status=Job.Status.DONE)

    data = owner.get(f"/api/v1/customer/orders/{order.pk}/logs").json()["data"]

    assert [line["text"] for line in data["lines"]] == ["a", "b"]
    assert data["ended"] is True


def test_another_organizations_order_is_not_found(owner: PersonClient, outsider: PersonClient) -> None:
    order = make.order(owner.organization)
    say(order, "a")

    response = outsider.get(f"/api/v1/customer/orders/{order.pk}/logs")

    assert (response.status_code, response.json()["error"]["code"]) == (404, "NOT_FOUND")


def test_nobody_in_particular_follows_nothing(anonymous: ApiClient) -> None:
    assert anonymous.get(f"/api/v1/customer/orders/{make.order().pk}/logs").status_code == 401
