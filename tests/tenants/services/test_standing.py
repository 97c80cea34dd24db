"""A server whose subscription is not paid for, when it is again, and when it is over."""

import pytest

from platform_core.models import AuditEvent
from tenants.models import Order
from tenants.services import orders, standing
from tests import make

Status = Order.Status


def test_suspended_and_back() -> None:
    order = make.order(status=Status.FULFILLED)

    assert standing.suspend(order.subscription) is not None
    order.refresh_from_db()
    assert (order.status, order.failure) == (Status.SUSPENDED, standing.UNPAID)

    assert standing.restore(order.subscription) is not None
    order.refresh_from_db()
    assert (order.status, order.failure) == (Status.FULFILLED, "")
    assert AuditEvent.objects.filter(action="order.status").count() == 2


@pytest.mark.parametrize("status", [Status.PROVISIONING, Status.FAILED, Status.CANCELED, Status.SUSPENDED])
def test_what_is_not_handed_over_is_not_taken_away(status: str) -> None:
    order = make.order(status=status)

    assert standing.suspend(order.subscription) is None

    order.refresh_from_db()
    assert order.status == status


def test_what_staff_suspended_they_bring_back() -> None:
    order = make.order(status=Status.SUSPENDED, failure="Abuse.")

    assert standing.restore(order.subscription) is None

    order.refresh_from_db()
    assert order.status == Status.SUSPENDED


def test_a_subscription_without_an_order_has_nothing_to_take_away() -> None:
    subscription = make.subscription()

    assert standing.suspend(subscription) is None
    assert standing.restore(subscription) is None
    assert standing.end(subscription) is None


@pytest.mark.parametrize("status", [Status.FULFILLED, Status.SUSPENDED, Status.FAILED])
def test_it_ends_with_its_subscription_once(status: str) -> None:
    order = make.order(status=status, failure="Why.")

    assert standing.end(order.subscription) is not None
    assert standing.end(order.subscription) is None

    order.refresh_from_db()
    assert (order.status, order.failure) == (Status.CANCELED, "")


def test_what_is_still_being_set_up_is_stopped() -> None:
    subscription = make.subscription()
    order = orders.open_order(subscription, by=make.person(subscription.organization))
    assert order is not None

    standing.end(subscription)

    job = orders.job_of(order)
    assert job is not None
    assert job.cancel_requested_at is not None
    order.refresh_from_db()
    assert order.status == Status.CANCELED
