"""A customer's overview."""

from pytest_django import DjangoAssertNumQueries

from orgs.roles import Role
from platform_core.models import Job
from tenants.models import Order
from tenants.services import heartbeats, orders
from tests import make
from tests.clients import ApiClient, PersonClient
from tests.tenants.api.tenant.test_heartbeat_body import SEED

PATH = "/api/v1/customer/dashboard"


def test_what_a_customer_sees(owner: PersonClient) -> None:
    order = make.order(owner.organization, status=Order.Status.DNS_PENDING, domain="acme.test", tools=["ghost"])
    server = make.server(order, key="hk_1", agent_version="0.1.0")
    make.job(
        subject_type="tenants.order",
        subject_id=order.pk,
        organization_id=owner.organization.pk,
        status=Job.Status.WAITING,
        wait_reason="waiting for DNS: acme.test does not exist; next check in 30 s",
    )
    heartbeats.receive("hk_1", SEED)

    data = owner.get(PATH).json()["data"]

    (shown,) = data["orders"]
    assert shown.pop("createdAt").endswith("Z")
    assert shown["server"].pop("lastSeenAt").endswith("Z")
    assert shown == {
        "id": str(order.pk),
        "organizationId": str(owner.organization.pk),
        "status": "DNS_PENDING",
        "failure": "",
        "tier": "Team",
        "domain": "acme.test",
        "tools": ["ghost"],
        "dashboardUrl": "https://acme.test",
        "waitReason": "waiting for DNS: acme.test does not exist; next check in 30 s",
        "fulfilledAt": None,
        "server": {"id": str(server.pk), "status": "online", "agentVersion": "0.1.0", "configVersion": 7},
    }
    assert data["agents"][0] == {
        "orderId": str(order.pk),
        "agentId": "dispatcher",
        "status": "active",
        "lastActiveAt": "2026-03-15T14:20:00Z",
    }
    (event,) = data["recentActivity"]
    assert (event["action"], event["actor"]) == ("server.online", "acme.test")


def test_what_is_another_organizations_is_not_there(owner: PersonClient, outsider: PersonClient) -> None:
    make.server(make.order(owner.organization), key="hk_1")
    heartbeats.receive("hk_1", SEED)

    assert outsider.get(PATH).json()["data"] == {"orders": [], "agents": [], "recentActivity": []}


def test_canceled_orders_are_not_shown(owner: PersonClient) -> None:
    make.order(owner.organization, status=Order.Status.CANCELED)
    assert owner.get(PATH).json()["data"]["orders"] == []


def test_who_may_not_read_the_trail_is_not_shown_it(owner: PersonClient) -> None:
    orders.move(make.order(owner.organization), Order.Status.AWAITING_SERVER)
    biller = PersonClient(make.person(owner.organization, Role.BILLING), owner.organization)

    assert len(owner.get(PATH).json()["data"]["recentActivity"]) == 1
    assert biller.get(PATH).json()["data"]["recentActivity"] == []
    assert len(biller.get(PATH).json()["data"]["orders"]) == 1


def test_more_orders_cost_no_more_queries(
    owner: PersonClient, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        make.server(make.order(owner.organization), key=f"hk_{number}")
        heartbeats.receive(f"hk_{number}", SEED)
    with django_assert_max_num_queries(10):
        assert len(owner.get(PATH).json()["data"]["orders"]) == 5


def test_nobody_in_particular_sees_nothing(anonymous: ApiClient) -> None:
    assert anonymous.get(PATH).status_code == 401
