"""Servers, for staff."""

from platform_core import clock
from tenants.models import Order, Server, ServerBeat
from tests import make
from tests.conftest import StaffClient


def test_servers_of_fulfilled_orders_are_listed(as_staff: StaffClient) -> None:
    server = make.server(
        make.order(status=Order.Status.FULFILLED, domain="acme.test"),
        status=Server.Status.ONLINE,
        ip_address="203.0.113.7",
        agent_version="0.1.0",
    )
    ServerBeat.objects.filter(server=server).update(last_seen_at=clock.now())
    make.server()

    response = as_staff("tenants.view_server").get("/api/v1/admin/servers")

    assert response.json()["meta"]["total"] == 1
    (shown,) = response.json()["data"]
    assert shown.pop("lastSeenAt").endswith("Z")
    assert shown.pop("createdAt").endswith("Z")
    assert shown == {
        "id": str(server.pk),
        "orderId": str(server.order_id),
        "domain": "acme.test",
        "provider": "process",
        "status": "online",
        "serverIp": "203.0.113.7",
        "sshPort": 22022,
        "agentVersion": "0.1.0",
        "registeredAt": None,
    }
