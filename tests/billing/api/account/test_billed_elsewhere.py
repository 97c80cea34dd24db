"""A subscription that was brought over and is billed elsewhere still is shown, and changed only there."""

from typing import Any

import pytest

from billing.models import Subscription, SubscriptionChange
from billing.providers.sandbox.models import Record
from tests import make
from tests.billing.changing import customer
from tests.clients import PersonClient, staff

PATH = "/api/user/subscription"
REFUSED = "This subscription is billed elsewhere. It can only be changed there."


@pytest.fixture
def elsewhere() -> Subscription:
    subscription = customer()
    subscription.provider = "imported"
    subscription.save(update_fields=["provider"])
    return subscription


def owner_of(subscription: Subscription) -> PersonClient:
    return PersonClient(make.person(subscription.organization), subscription.organization)


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("preview", {"direction": "up"}),
        ("upgrade", {}),
        ("cancel", {}),
    ],
)
def test_nobody_is_asked_for_a_change(elsewhere: Subscription, verb: str, body: dict[str, Any]) -> None:
    before = Record.objects.count()

    answer = owner_of(elsewhere).post(f"{PATH}/{verb}", body)

    assert (answer.status_code, answer.json()["message"]) == (409, REFUSED)
    assert not SubscriptionChange.objects.exists()
    assert Record.objects.count() == before


def test_staff_are_told_too(elsewhere: Subscription) -> None:
    answer = staff("billing.change_subscription").put(
        f"/api/admin/subscriptions/{elsewhere.pk}", {"plan": "hosting-pro"}
    )

    assert (answer.status_code, answer.json()["message"]) == (409, REFUSED)
    assert not SubscriptionChange.objects.exists()


def test_it_is_shown(elsewhere: Subscription) -> None:
    assert owner_of(elsewhere).get(PATH).json()["current"]["id"] == str(elsewhere.pk)
