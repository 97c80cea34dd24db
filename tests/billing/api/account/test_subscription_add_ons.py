"""What is beside the plan, as its members see and change it."""

from typing import Any

import pytest

from billing.models import SubscriptionChange
from orgs.roles import Role
from tests import make
from tests.billing.beside import BACKUP, BACKUPS, PACKS, SEATS, SUPPORT, done, has, held, present
from tests.billing.cards import CANNOT_PAY, set_card
from tests.billing.changing import STARTER, charged
from tests.clients import PersonClient

PATH = "/api/user/subscription/add-ons"


def member(role: Role = Role.OWNER) -> PersonClient:
    organization = present().organization
    return PersonClient(make.person(organization, role), organization)


def test_what_is_had_and_what_is_on_offer() -> None:
    subscription = held()
    done({BACKUPS: 2})

    found = member(Role.MEMBER).get(PATH).json()

    assert found["subscriptionId"] == str(subscription.pk)
    assert [(each["code"], each["quantity"], each["amountMinor"]) for each in found["addOns"]] == [
        (BACKUPS, 2, 2 * BACKUP),
        (SUPPORT, 0, 0),
        (SEATS, 0, 0),
        (PACKS, 0, 0),
    ]
    assert found["addOns"][0] == {
        "code": BACKUPS,
        "name": "More backups",
        "description": "",
        "quantity": 2,
        "amountMinor": 2 * BACKUP,
        "isOnSale": True,
        "price": {
            "scheme": "per_unit",
            "interval": "month",
            "currency": "USD",
            "amountMinor": BACKUP,
            "unitPriceNano": None,
            "packageSize": None,
            "tiers": None,
        },
    }


def test_a_preview_changes_nothing_and_the_change_costs_what_it_said() -> None:
    held()
    client, wish = member(), {"addOns": [{"code": BACKUPS, "quantity": 2}]}

    shown = client.post(f"{PATH}/preview", wish)

    assert shown.status_code == 200, shown.content
    found = shown.json()
    assert (found["kind"], found["timing"], found["periodMinor"]) == ("add_ons", "now", STARTER + 2 * BACKUP)
    assert [(line["kind"], line["code"], line["quantity"]) for line in found["lines"]] == [("charge", BACKUPS, 2)]
    assert not SubscriptionChange.objects.exists()

    figures = {name: found[name] for name in ("proratedAt", "dueMinor")}
    other = client.post(PATH, {**wish, **figures, "dueMinor": found["dueMinor"] - 1})
    made = client.post(PATH, {**wish, **figures})

    assert (other.status_code, other.json()["code"]) == (409, "CONFLICT")
    assert made.status_code == 200, made.content
    assert made.json()["subscription"]["addOns"] == [{"code": BACKUPS, "quantity": 2}]
    change = made.json()["change"]
    assert (change["kind"], change["status"], change["addOns"]) == (
        "add_ons",
        "applied",
        [{"code": BACKUPS, "quantity": 2}],
    )
    assert charged() == [STARTER, found["dueMinor"]]


def test_less_is_planned_and_taken_back() -> None:
    held()
    done({BACKUPS: 2})
    client = member()

    made = client.post(PATH, {"addOns": [{"code": BACKUPS, "quantity": 0}]}).json()

    assert (made["change"]["status"], made["change"]["addOns"]) == ("scheduled", [{"code": BACKUPS, "quantity": 0}])
    assert made["subscription"]["addOns"] == [{"code": BACKUPS, "quantity": 2}]
    assert client.post("/api/user/subscription/resume").status_code == 200
    assert SubscriptionChange.objects.get(pk=made["change"]["id"]).status == "withdrawn"


def test_the_same_request_again_acts_once() -> None:
    held()
    client = member()
    wish: dict[str, Any] = {
        "data": {"addOns": [{"code": BACKUPS, "quantity": 1}]},
        "headers": {"Idempotency-Key": "once"},
    }

    first, again = client.post(PATH, **wish), client.post(PATH, **wish)

    assert first.json() == again.json()
    assert (len(charged()), SubscriptionChange.objects.count()) == (2, 1)


def test_a_declined_card_is_402_and_nothing_is_changed() -> None:
    set_card(held(), CANNOT_PAY)

    answer = member().post(PATH, {"addOns": [{"code": BACKUPS, "quantity": 1}]})

    assert (answer.status_code, answer.json()["code"]) == (402, "CARD_DECLINED")
    assert (has(), charged()) == ({}, [STARTER])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "addOns"),
        ({"addOns": []}, "addOns"),
        ({"addOns": [{"code": BACKUPS}]}, "addOns.0.quantity"),
        ({"addOns": [{"code": BACKUPS, "quantity": -1}]}, "addOns.0.quantity"),
        ({"addOns": [{"code": BACKUPS, "quantity": 1}, {"code": BACKUPS, "quantity": 2}]}, "addOns"),
        ({"addOns": [{"code": "pages-domains", "quantity": 1}]}, "addOns"),
        ({"addOns": [{"code": SUPPORT, "quantity": 2}]}, "addOns"),
        ({"addOns": [{"code": BACKUPS, "quantity": 1}], "dueMinor": "x"}, "dueMinor"),
    ],
)
def test_what_is_wrong_is_said_by_its_field(body: dict[str, Any], field: str) -> None:
    held()

    answer = member().post(PATH, body)

    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])
    assert not SubscriptionChange.objects.exists()


def test_of_several_the_newest_is_told_unless_another_is_named() -> None:
    older = held()
    newer = make.subscription(older.organization)
    client = member()

    assert client.get(PATH).json() == {"subscriptionId": str(newer.pk), "addOns": []}
    assert len(client.get(f"{PATH}?subscriptionId={older.pk}").json()["addOns"]) == 4
    assert client.post(PATH, {"addOns": [{"code": BACKUPS, "quantity": 1}]}).status_code == 400


def test_whoever_has_no_subscription_is_told_so() -> None:
    organization = make.organization()
    client = PersonClient(make.person(organization), organization)

    assert client.get(PATH).status_code == 409
    assert client.post(PATH, {"addOns": [{"code": BACKUPS, "quantity": 1}]}).status_code == 409
    assert client.get(f"{PATH}?subscriptionId=x").status_code == 400
