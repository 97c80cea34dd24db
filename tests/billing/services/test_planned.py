"""Changes that wait for the next period."""

import pytest

from billing.models import SubscriptionChange
from billing.services import planned
from platform_core.models import AuditEvent
from tests import make

Status = SubscriptionChange.Status


def waiting(status: str = "active") -> SubscriptionChange:
    subscription = make.subscription(status=status)
    price = make.plan(product=subscription.plan.product, rank=0).prices.get()
    return make.subscription_change(subscription, kind="downgrade", status="scheduled", price=price)


def test_it_is_in_force_once_the_subscription_is_so() -> None:
    change = waiting()
    subscription = change.subscription
    assert change.price is not None
    subscription.price, subscription.plan = change.price, change.price.plan

    planned.follow(subscription)

    change.refresh_from_db()
    assert (change.status, change.settled_at is not None) == (Status.APPLIED, True)
    assert AuditEvent.objects.get(action="subscription.planned_change").target_id == str(subscription.pk)


@pytest.mark.parametrize(("status", "expected"), [("active", Status.SCHEDULED), ("canceled", Status.WITHDRAWN)])
def test_until_then_it_waits_and_with_the_end_it_is_forgotten(status: str, expected: str) -> None:
    change = waiting(status=status)

    planned.follow(change.subscription)

    change.refresh_from_db()
    assert change.status == expected


def test_another_change_takes_its_place() -> None:
    change, other = waiting(), waiting()

    planned.withdraw(change.subscription_id)

    change.refresh_from_db()
    other.refresh_from_db()
    assert (change.status, other.status) == (Status.WITHDRAWN, Status.SCHEDULED)
