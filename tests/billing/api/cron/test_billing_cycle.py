"""`POST /api/v1/cron/billing-cycle`."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from billing.models import BillingPeriod
from billing.services.periods import mirror
from platform_core.models import CronRun
from tests import make
from tests.clients import ApiClient, PersonClient
from tests.clocks import at

CYCLE = "/api/v1/cron/billing-cycle"
MIDNIGHT = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def scheduler() -> ApiClient:
    """Holds the cron token."""
    return ApiClient(headers={"x-cron-token": "test-cron-token"})


@pytest.fixture(autouse=True)
def _at_midnight() -> Iterator[None]:
    with at(MIDNIGHT + timedelta(seconds=10)):
        yield


def test_what_has_ended_is_closed_and_told(scheduler: ApiClient) -> None:
    mirror(make.subscription())

    answer = scheduler.post(CYCLE, {})

    assert answer.status_code == 200
    assert answer.json()["data"] == {
        "slot": "2026-02-01T00:00:00+00:00",
        "status": "DONE",
        "closed": 1,
        "charged": 0,
        "waiting": 0,
        "retried": 0,
        "failed": [],
    }
    assert BillingPeriod.objects.get().status == "invoiced"


def test_a_second_call_does_nothing_and_tells_of_the_first(scheduler: ApiClient) -> None:
    mirror(make.subscription())
    first = scheduler.post(CYCLE).json()
    mirror(make.subscription())

    second = scheduler.post(CYCLE).json()

    assert second == first
    assert BillingPeriod.objects.open().count() == 1
    assert CronRun.objects.count() == 1
    with at(MIDNIGHT + timedelta(minutes=1, seconds=10)):
        assert scheduler.post(CYCLE).json()["data"]["closed"] == 1


def test_what_failed_is_told(scheduler: ApiClient) -> None:
    subscription = make.subscription()
    mirror(subscription)
    BillingPeriod.objects.update(status="closed")

    data = scheduler.post(CYCLE).json()["data"]

    assert (data["status"], data["closed"], data["charged"]) == ("DONE", 0, 0)
    (failure,) = data["failed"]
    assert failure["subscriptionId"] == str(subscription.pk)
    assert failure["error"].startswith("RelatedObjectDoesNotExist: ")


def test_only_the_scheduler_may_call(anonymous: ApiClient, owner: PersonClient) -> None:
    mirror(make.subscription())

    assert anonymous.post(CYCLE).status_code == 401
    assert owner.post(CYCLE).status_code == 401
    assert ApiClient(headers={"x-cron-token": "guess"}).post(CYCLE).status_code == 401
    assert BillingPeriod.objects.get().status == "open"


def test_it_takes_no_body(scheduler: ApiClient) -> None:
    answer = scheduler.post(CYCLE, {"now": "2027-01-01"})

    assert answer.status_code == 400
    assert answer.json()["error"]["details"] == [{"field": "now", "message": "Unknown field."}]
    assert not CronRun.objects.exists()
