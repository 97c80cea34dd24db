"""Orders, for staff."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from platform_core import clock
from platform_core.models import AuditEvent, Job
from tenants.models import Order
from tenants.services import orders
from tests import make
from tests.clients import ApiClient, PersonClient
from tests.conftest import StaffClient

PATH = "/api/v1/admin/orders"
VIEW = "tenants.view_order"


def listed(client: ApiClient, query: str = "") -> list[str]:
    response = client.get(f"{PATH}{query}")
    assert response.status_code == 200, response.json()
    return [order["domain"] for order in response.json()["data"]]


def test_an_order_is_shown_with_its_server(as_staff: StaffClient) -> None:
    organization = make.organization("Acme Marketing GmbH")
    customer = make.person(organization, email="maria@acme.test")
    order = make.order(
        organization,
        make.subscription(organization),
        customer=customer,
        domain="acme.tenants.localhost",
        tools=["ghost"],
    )
    server = make.server(order, ip_address="203.0.113.7", ssh_port=22022)

    response = as_staff(VIEW).get(f"{PATH}/{order.pk}")

    assert response.status_code == 200
    data = response.json()["data"]
    assert data.pop("createdAt").endswith("Z")
    assert data == {
        "id": str(order.pk),
        "userId": str(customer.pk),
        "customerEmail": "maria@acme.test",
        "organizationId": str(organization.pk),
        "company": "Acme Marketing GmbH",
        "subscriptionId": str(order.subscription_id),
        "status": "PAYMENT_CONFIRMED",
        "failure": "",
        "tier": "Team",
        "domain": "acme.tenants.localhost",
        "tools": ["ghost"],
        "serverId": str(server.pk),
        "serverIp": "203.0.113.7",
        "sshPort": 22022,
        "automationMode": "AUTO",
        "dashboardUrl": "https://acme.tenants.localhost",
        "portainerUrl": "https://portainer.acme.tenants.localhost",
        "fulfilledAt": None,
    }


def test_an_order_without_a_server_has_no_address(as_staff: StaffClient) -> None:
    data = as_staff(VIEW).get(f"{PATH}/{make.order().pk}").json()["data"]
    assert (data["serverId"], data["serverIp"], data["sshPort"]) == (None, None, None)


def test_a_list_shows_each_order_as_it_is_shown_alone(as_staff: StaffClient) -> None:
    make.server(make.order(tools=["ghost"]), ip_address="203.0.113.7", ssh_port=22022)
    make.order(status=Order.Status.FULFILLED, fulfilled_at=clock.now())
    make.order(failure="No server is free.", created_at=datetime(2026, 1, 1, tzinfo=UTC))
    staff = as_staff(VIEW)

    rows = staff.get(PATH).json()["data"]

    assert len(rows) == 3
    assert rows == [staff.get(f"{PATH}/{row['id']}").json()["data"] for row in rows]


def test_the_list_is_filtered_searched_and_paged(as_staff: StaffClient) -> None:
    build = make.hosting_plan(tier="Build")
    acme = make.organization("Acme Marketing")
    make.order(acme, make.subscription(acme, build), domain="acme.test", status=Order.Status.FULFILLED)
    other = make.organization("Other")
    kim = make.person(other, email="kim@acme.example")
    make.order(other, make.subscription(other), domain="kim.test", customer=kim)
    make.order(domain="third.test")
    client = as_staff(VIEW)

    assert listed(client) == ["third.test", "kim.test", "acme.test"]
    assert listed(client, "?status=FULFILLED") == ["acme.test"]
    assert listed(client, "?tier=build") == ["acme.test"]
    assert listed(client, "?search=ACME") == ["kim.test", "acme.test"]
    assert listed(client, "?search=acme&status=PAYMENT_CONFIRMED") == ["kim.test"]
    assert listed(client, "?pageSize=1&page=2") == ["kim.test"]
    meta = client.get(f"{PATH}?pageSize=2").json()["meta"]
    assert meta == {"page": 1, "pageSize": 2, "total": 3}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?status=DONE", "status"),
        ("?color=red", "color"),
        ("?page=zero", "page"),
        ("?page_size=2", "pageSize"),
        ("?tier=a&tier=b", "tier"),
        ("?tier=", "tier"),
    ],
)
def test_a_bad_query_names_its_field(as_staff: StaffClient, query: str, field: str) -> None:
    response = as_staff(VIEW).get(f"{PATH}{query}")

    assert response.status_code == 400
    assert [detail["field"] for detail in response.json()["error"]["details"]] == [field]


def test_a_longer_list_costs_no_more_queries(
    as_staff: StaffClient, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        make.server(make.order())
    client = as_staff(VIEW)
    with django_assert_max_num_queries(8):
        assert len(listed(client)) == 5


def test_an_unknown_order_is_not_found(as_staff: StaffClient) -> None:
    response = as_staff(VIEW).get(f"{PATH}/00000000-0000-7000-8000-000000000000")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "NOT_FOUND")


def test_customers_are_not_staff(owner: PersonClient) -> None:
    order = make.order(owner.organization)
    for path in (PATH, f"{PATH}/{order.pk}"):
        assert owner.get(path).status_code == 403
    assert owner.post(f"{PATH}/{order.pk}/provision").status_code == 403


# --- Provision --------------------------------------------------------------------------------------------------------


def provision(client: ApiClient, order: Order, body: Any = None) -> Any:
    return client.post(f"{PATH}/{order.pk}/provision", body)


def test_a_paid_order_is_started(as_staff: StaffClient) -> None:
    order, client = make.order(), as_staff("tenants.provision_order")

    response = provision(client, order)

    assert response.status_code == 202
    job = orders.job_of(order)
    assert job is not None
    data = response.json()["data"]
    assert (data["id"], data["kind"], data["status"], data["step"]) == (
        str(job.pk),
        "provision_order",
        "QUEUED",
        "reserve_server",
    )
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_type, event.actor_id) == ("order.provision", "staff", str(client.user.pk))


def test_a_failed_order_goes_on_where_it_failed(as_staff: StaffClient) -> None:
    order = make.order(status=Order.Status.FAILED, failure="No room.")
    make.job(
        kind="provision_order",
        subject_type="tenants.order",
        subject_id=order.pk,
        status=Job.Status.FAILED,
        step="await_heartbeat",
        idempotency_key=f"provision:{order.pk}",
    )

    response = provision(as_staff("tenants.provision_order"), order)

    assert response.status_code == 202
    assert (response.json()["data"]["status"], response.json()["data"]["retryCount"]) == ("QUEUED", 1)
    order.refresh_from_db()
    assert (order.status, order.failure) == (Order.Status.PROVISIONING, "")


def test_provision_refuses_a_fulfilled_order(as_staff: StaffClient) -> None:
    order = make.order(status=Order.Status.FULFILLED)

    response = provision(as_staff("tenants.provision_order"), order)

    assert (response.status_code, response.json()["error"]["code"]) == (409, "CONFLICT")
    assert orders.job_of(order) is None
    assert not AuditEvent.objects.exists()


def test_to_look_is_not_to_start(as_staff: StaffClient) -> None:
    order = make.order()
    assert provision(as_staff(VIEW), order).status_code == 403
    assert orders.job_of(order) is None


def test_there_is_nothing_to_say_when_starting(as_staff: StaffClient) -> None:
    response = provision(as_staff("tenants.provision_order"), make.order(), {"force": True})
    assert (response.status_code, response.json()["error"]["details"][0]["field"]) == (400, "force")
