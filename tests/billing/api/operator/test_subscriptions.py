"""Everybody's subscriptions, seen and changed by staff."""

from datetime import timedelta
from typing import Any

import pytest

from billing.models import SubscriptionChange
from platform_core import clock
from platform_core.models import AuditEvent
from tests import make
from tests.billing import beside
from tests.billing.changing import charged, customer, present
from tests.billing.waiting import asked_customer
from tests.clients import PersonClient, staff

PATH = "/api/admin/subscriptions"
VIEW, CHANGE, CANCEL = "billing.view_subscription", "billing.change_subscription", "billing.cancel_subscription"


def test_the_list_names_whose_they_are() -> None:
    harbour = make.organization("Harbour Bakery")
    row = make.subscription(harbour)

    found = staff(VIEW).get(PATH).json()

    assert found["meta"] == {"page": 1, "pageSize": 25, "total": 1}
    (item,) = found["items"]
    assert (item["id"], item["organizationId"], item["organizationName"]) == (
        str(row.pk),
        str(harbour.pk),
        "Harbour Bakery",
    )
    assert (item["status"], item["providerSubscriptionId"]) == ("active", row.provider_subscription_id)


def test_the_list_is_narrowed() -> None:
    harbour = make.subscription(make.organization("Harbour Bakery"))
    mill = make.subscription(make.organization("Mill"), status="canceled")
    client = staff(VIEW)

    def ids(query: str) -> list[str]:
        return [item["id"] for item in client.get(f"{PATH}?{query}").json()["items"]]

    assert ids("status=canceled") == [str(mill.pk)]
    assert ids(f"plan={harbour.plan.code}") == [str(harbour.pk)]
    assert ids("search=harbour") == [str(harbour.pk)]
    assert ids(f"search={mill.provider_subscription_id}") == [str(mill.pk)]
    assert ids("search=nobody") == []


@pytest.mark.parametrize("query", ["status=asleep", "plan=not a slug", "color=red"])
def test_a_query_that_cannot_be_read_is_refused(query: str) -> None:
    answer = staff(VIEW).get(f"{PATH}?{query}")

    assert (answer.status_code, list(answer.json()["details"])) == (400, [query.partition("=")[0]])


def test_staff_move_it_up_at_once_and_down_with_the_period() -> None:
    subscription = customer()
    client = staff(CHANGE)

    up = client.put(f"{PATH}/{subscription.pk}", {"plan": "hosting-pro", "reason": "By phone."})
    down = client.put(f"{PATH}/{subscription.pk}", {"plan": "hosting-starter"})

    assert (up.status_code, up.json()["subscription"]["plan"]["code"]) == (200, "hosting-pro")
    assert (down.status_code, down.json()["change"]["status"]) == (200, "scheduled")
    assert len(charged()) == 2
    event = AuditEvent.objects.get(action="subscription.upgrade")
    assert (event.actor_id, event.organization_id) == (str(client.user.pk), subscription.organization_id)
    assert SubscriptionChange.objects.get(kind="upgrade").reason == "By phone."


def test_staff_say_when_it_is_in_force() -> None:
    subscription, before = customer("hosting-pro"), charged()
    client = staff(CHANGE)

    waits = client.put(f"{PATH}/{subscription.pk}", {"quantity": 2, "timing": "renewal"})
    at_once = client.put(f"{PATH}/{subscription.pk}", {"plan": "hosting-starter", "timing": "now"})

    assert (waits.status_code, waits.json()["change"]["status"]) == (200, "scheduled")
    told = at_once.json()["change"]
    assert (told["kind"], told["timing"], told["status"], told["dueMinor"] < 0) == ("downgrade", "now", "applied", True)
    assert (present().plan.code, present().quantity, charged()) == ("hosting-starter", 1, before)


def test_staff_change_what_is_beside_the_plan_and_say_when() -> None:
    subscription = beside.held()
    client, path = staff(CHANGE), f"{PATH}/{subscription.pk}"

    more = client.put(path, {"addOns": [{"code": beside.BACKUPS, "quantity": 2}], "reason": "By phone."})
    gone = client.put(path, {"addOns": [{"code": beside.BACKUPS, "quantity": 0}], "timing": "now"})

    assert (more.status_code, more.json()["subscription"]["addOns"]) == (
        200,
        [{"code": beside.BACKUPS, "quantity": 2}],
    )
    told = gone.json()["change"]
    assert (told["kind"], told["timing"], told["dueMinor"] < 0, beside.has()) == ("add_ons", "now", True, {})


def test_staff_switch_auto_renew() -> None:
    subscription = customer()

    answer = staff(CHANGE).put(f"{PATH}/{subscription.pk}", {"autoRenew": False})

    assert (answer.status_code, answer.json()["subscription"]["autoRenew"]) == (200, False)


def test_a_trial_that_is_none_is_not_extended() -> None:
    row = make.subscription()
    later = (clock.now() + timedelta(days=3)).isoformat()

    answer = staff(CHANGE).put(f"{PATH}/{row.pk}", {"trialEndsAt": later})

    assert answer.status_code == 409
    assert not SubscriptionChange.objects.exists()


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["plan"]),
        ({"reason": "Just so."}, ["plan"]),
        ({"plan": "hosting-pro", "autoRenew": True}, ["autoRenew", "plan"]),
        ({"quantity": 0}, ["quantity"]),
        ({"status": "active"}, ["status"]),
        ({"interval": "week"}, ["interval"]),
        ({"timing": "now", "autoRenew": True}, ["timing"]),
        ({"plan": "hosting-pro", "timing": "later"}, ["timing"]),
        ({"trialEndsAt": "soon"}, ["trialEndsAt"]),
    ],
)
def test_what_cannot_be_read_is_named(body: dict[str, Any], fields: list[str]) -> None:
    answer = staff(CHANGE).put(f"{PATH}/{make.subscription().pk}", body)

    assert (answer.status_code, sorted(answer.json()["details"])) == (400, fields)


def test_staff_cancel_with_the_period_or_now() -> None:
    subscription = customer()
    client = staff(CANCEL)

    planned = client.post(f"{PATH}/{subscription.pk}/cancel", {"reason": "Asked by mail."})
    ended = client.post(f"{PATH}/{subscription.pk}/cancel", {"at": "now"})

    assert (planned.status_code, planned.json()["subscription"]["cancelAtPeriodEnd"]) == (200, True)
    assert (ended.status_code, ended.json()["subscription"]["status"]) == (200, "canceled")
    assert present().ended_at is not None


@pytest.mark.parametrize("permission", [VIEW, CHANGE])
def test_canceling_takes_its_own_permission(permission: str) -> None:
    row = make.subscription()

    assert staff(permission).post(f"{PATH}/{row.pk}/cancel").status_code == 403
    assert not SubscriptionChange.objects.exists()


def test_whoever_is_no_staff_sees_nothing(owner: PersonClient) -> None:
    row = make.subscription(owner.organization)

    assert owner.get(PATH).status_code == 403
    assert owner.put(f"{PATH}/{row.pk}", {"autoRenew": False}).status_code == 403
    assert owner.post(f"{PATH}/{row.pk}/cancel").status_code == 403


def test_where_the_customers_bank_wants_to_hear_from_them_it_waits() -> None:
    subscription = asked_customer()

    answer = staff(CHANGE).put(f"{PATH}/{subscription.pk}", {"plan": "hosting-pro"})

    assert (answer.status_code, answer.json()["change"]["status"]) == (202, "confirming")
    assert answer.json()["subscription"]["plan"]["code"] == "hosting-starter"
    assert charged() == [4_900]
