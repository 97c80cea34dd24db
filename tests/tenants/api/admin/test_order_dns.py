"""What an order's names point to."""

from platform_core.dns import FakeNames
from tenants.services import names
from tests import make
from tests.conftest import StaffClient


def test_names_are_shown_as_they_were_last_seen(as_staff: StaffClient) -> None:
    server = make.server(make.order(domain="acme.test", tools=["ghost"]), ip_address="203.0.113.7")
    client, path = as_staff("tenants.view_order"), f"/api/v1/admin/orders/{server.order_id}/dns"
    assert client.get(path).json()["data"] == {"status": "NOT_CHECKED", "records": []}

    names.check(server.order, server, FakeNames({"acme.test": ["203.0.113.7"], "ghost.acme.test": ["192.0.2.1"]}))
    data = client.get(path).json()["data"]

    assert data["status"] == "PENDING"
    assert [record.pop("checkedAt").endswith("Z") for record in data["records"]] == [True, True]
    assert data["records"] == [
        {"name": "acme.test", "expected": "203.0.113.7", "seen": ["203.0.113.7"], "outcome": "MATCH"},
        {"name": "ghost.acme.test", "expected": "203.0.113.7", "seen": ["192.0.2.1"], "outcome": "MISMATCH"},
    ]
    names.check(server.order, server, FakeNames({"acme.test": ["203.0.113.7"], "ghost.acme.test": "acme.test"}))
    assert client.get(path).json()["data"]["status"] == "READY"


def test_an_unknown_order_is_not_found(as_staff: StaffClient) -> None:
    path = "/api/v1/admin/orders/00000000-0000-7000-8000-000000000000/dns"
    assert as_staff("tenants.view_order").get(path).status_code == 404
