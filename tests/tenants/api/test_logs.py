"""An order's live log has one shape, whoever follows it."""

from collections.abc import Callable
from typing import Any

import pytest

from platform_core import clock
from platform_core.models import Job, JobLog
from tenants.models import Order
from tests import make
from tests.clients import PersonClient
from tests.conftest import StaffClient

Follow = Callable[[Order, str], Any]


def say(order: Order, *texts: str, **fields: object) -> list[int]:
    """Lines of the order's job, and their places."""
    job = make.job(subject_type="tenants.order", subject_id=order.pk, organization_id=order.organization_id, **fields)
    return [
        JobLog.objects.create(job=job, seq=text, at=clock.now(), step="one", stream="output", text=text).pk
        for text in texts
    ]


@pytest.fixture(params=["admin", "customer"])
def follow(request: pytest.FixtureRequest, owner: PersonClient, as_staff: StaffClient) -> Follow:
    """Asks for the log as staff, and as the order's customer."""
    client = owner if request.param == "customer" else as_staff("tenants.view_order")

    def ask(order: Order, query: str) -> Any:
        return client.get(f"/api/v1/{request.param}/orders/{order.pk}/logs{query}")

    return ask


@pytest.fixture
def order(owner: PersonClient) -> Order:
    return make.order(owner.organization)


def test_lines_are_read_from_a_place_on(order: Order, follow: Follow) -> None:
    first, second = say(order, "a", "b", status=Job.Status.WAITING, wait_reason="waiting for DNS")

    data = follow(order, "").json()["data"]
    assert [line["text"] for line in data["lines"]] == ["a", "b"]
    assert (data["after"], data["ended"], data["waitReason"]) == (second, False, "waiting for DNS")
    (line,) = follow(order, f"?after={first}").json()["data"]["lines"]
    assert line.pop("at").endswith("Z")
    assert line == {"id": second, "step": "one", "stream": "output", "text": "b"}


def test_a_log_that_is_over_is_not_waited_for(order: Order, follow: Follow) -> None:
    (last,) = say(order, "a", status=Job.Status.DONE)

    data = follow(order, f"?after={last}&wait=25").json()["data"]

    assert (data["lines"], data["ended"]) == ([], True)


@pytest.mark.parametrize(
    ("query", "field"),
    [("after=-1", "after"), ("after=x", "after"), ("wait=26", "wait"), ("wait=nan", "wait"), ("x=1", "x")],
)
def test_a_bad_query_names_its_field(order: Order, follow: Follow, query: str, field: str) -> None:
    response = follow(order, f"?{query}")

    assert response.status_code == 400
    assert [detail["field"] for detail in response.json()["error"]["details"]] == [field]
