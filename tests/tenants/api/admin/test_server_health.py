"""How a server does."""

from tenants.models import ServerBeat
from tests import make
from tests.clients import ServerClient
from tests.conftest import StaffClient
from tests.tenants.api.tenant.test_heartbeat_body import SEED


def test_health_is_what_the_server_said(as_staff: StaffClient, server: ServerClient) -> None:
    server.post("/api/v1/tenant/heartbeat", SEED)
    ServerBeat.objects.update(config_version=8)

    data = as_staff("tenants.view_server").get(f"/api/v1/admin/servers/{server.server.pk}/health").json()["data"]

    assert data.pop("lastSeenAt").endswith("Z")
    assert data.pop("reportedAt").endswith("Z")
    assert data == {
        "id": str(server.server.pk),
        "orderId": str(server.server.order_id),
        "status": "online",
        "beatCount": 1,
        "safetyWrapperVersion": "",
        "configVersion": 8,
        "seenConfigVersion": 7,
        "reported": SEED,
    }


def test_a_server_that_said_nothing_has_said_nothing(as_staff: StaffClient) -> None:
    data = as_staff("tenants.view_server").get(f"/api/v1/admin/servers/{make.server().pk}/health").json()["data"]

    assert (data["status"], data["beatCount"], data["lastSeenAt"], data["reported"], data["reportedAt"]) == (
        "reserved",
        0,
        None,
        None,
        None,
    )
