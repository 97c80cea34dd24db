"""Who is staff, over the API."""

from typing import Any

import pytest
from django.contrib.auth.models import Group

from identity.models import TotpDevice, User
from platform_core import clock
from platform_core.models import AuditEvent
from tests import clients, make
from tests.clients import PersonClient
from tests.make.identity import owner
from tests.sign_ins import step_up

STAFF = "/api/v1/admin/staff"


@pytest.fixture
def boss() -> PersonClient:
    client = clients.staff_in("OWNER", email="boss@mainstay.test")
    step_up(client.user, "staff.change_role")
    return client


def helper(**fields: Any) -> User:
    return clients.staff_in("SUPPORT", email="helper@mainstay.test", **fields).user


def test_the_list_has_everybody_with_their_roles(boss: PersonClient) -> None:
    support = helper(first_name="Sven", last_name="Lind", status=User.Status.SUSPENDED)
    TotpDevice.objects.create(user=support, secret="x", confirmed_at=clock.wall())
    TotpDevice.objects.create(user=boss.user, secret="x")
    make.user()

    body = boss.get(STAFF).json()

    assert body["meta"] == {"page": 1, "pageSize": 25, "total": 2}
    assert [(row["email"], row["role"], row["status"]) for row in body["data"]] == [
        ("boss@mainstay.test", "OWNER", "active"),
        ("helper@mainstay.test", "SUPPORT", "suspended"),
    ]
    assert (body["data"][1]["id"], body["data"][1]["name"]) == (str(support.pk), "Sven Lind")
    assert [row["twoFactorEnabled"] for row in body["data"]] == [False, True]


def test_a_role_is_changed(boss: PersonClient) -> None:
    support = helper()

    response = boss.patch(f"{STAFF}/{support.pk}", {"role": "MANAGER"})

    assert (response.status_code, response.json()["data"]["role"]) == (200, "MANAGER")


def test_a_status_is_changed(boss: PersonClient) -> None:
    support = helper()

    assert boss.patch(f"{STAFF}/{support.pk}", {"status": "suspended"}).json()["data"]["status"] == "suspended"
    assert boss.patch(f"{STAFF}/{support.pk}", {"status": "active"}).json()["data"]["status"] == "active"


def test_whoever_has_no_role_yet_is_given_one(boss: PersonClient) -> None:
    support = helper()
    support.groups.clear()

    changed = boss.patch(f"{STAFF}/{support.pk}", {"role": "MANAGER", "status": "active"}).json()["data"]

    assert (changed["role"], changed["status"]) == ("MANAGER", "active")


def test_role_and_status_are_changed_at_once(boss: PersonClient) -> None:
    support = helper()

    changed = boss.patch(f"{STAFF}/{support.pk}", {"role": "MANAGER", "status": "suspended"}).json()["data"]

    assert (changed["role"], changed["status"]) == ("MANAGER", "suspended")
    actions = AuditEvent.objects.filter(target_id=str(support.pk)).values_list("action", flat=True)
    assert set(actions) == {"user.suspend", "staff.change_role"}


@pytest.mark.parametrize("groups", [[], ["ADMIN", "MANAGER"]], ids=["none", "several"])
def test_role_and_status_are_changed_at_once_of_whoever_is_in_no_group_or_several(
    boss: PersonClient, groups: list[str]
) -> None:
    support = helper()
    support.groups.set(Group.objects.filter(name__in=groups))

    changed = boss.patch(f"{STAFF}/{support.pk}", {"role": "MANAGER", "status": "suspended"}).json()["data"]

    assert (changed["role"], changed["status"]) == ("MANAGER", "suspended")
    assert list(support.groups.values_list("name", flat=True)) == ["MANAGER"]


def test_of_several_roles_another_takes_the_place(boss: PersonClient) -> None:
    support = helper()
    support.groups.set(Group.objects.filter(name__in=["SUPPORT", "ADMIN"]))

    assert boss.patch(f"{STAFF}/{support.pk}", {"role": "MANAGER"}).json()["data"]["role"] == "MANAGER"

    assert list(support.groups.values_list("name", flat=True)) == ["MANAGER"]


def test_deactivating_ends_what_they_can_do_at_once(boss: PersonClient) -> None:
    support = clients.staff_in("SUPPORT")
    assert support.get("/api/v1/admin/orders").status_code == 200

    assert boss.delete(f"{STAFF}/{support.user.pk}").status_code == 204

    assert support.get("/api/v1/admin/orders").status_code == 401


def test_one_of_two_owners_is_deactivated_by_the_other(boss: PersonClient) -> None:
    other = clients.staff_in("OWNER").user

    assert boss.delete(f"{STAFF}/{other.pk}").status_code == 204

    other.refresh_from_db()
    assert other.status == User.Status.SUSPENDED
    event = AuditEvent.objects.get(action="user.suspend")
    assert (event.actor_label, event.target_label) == (boss.user.email, other.email)


@pytest.mark.parametrize("role", ["ADMIN", "MANAGER", "SUPPORT"])
def test_only_owners_decide(role: str) -> None:
    support, other = helper(), clients.staff_in(role)

    for answer in (
        other.get(STAFF),
        other.patch(f"{STAFF}/{support.pk}", {"role": "OWNER"}),
        other.delete(f"{STAFF}/{support.pk}"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FORBIDDEN")
    assert User.objects.get(pk=support.pk).is_active


def test_the_permission_without_the_role_reaches_no_higher() -> None:
    other, boss = clients.staff("identity.manage_staff"), owner()
    step_up(other.user, "staff.change_role")

    assert other.patch(f"{STAFF}/{boss.pk}", {"role": "SUPPORT"}).status_code == 403
    assert other.patch(f"{STAFF}/{other.user.pk}", {"role": "OWNER"}).status_code == 403


@pytest.mark.parametrize("change", [{"role": "ADMIN"}, {"status": "suspended"}], ids=["role", "status"])
def test_the_last_owner_stays(boss: PersonClient, change: dict[str, str]) -> None:
    root = PersonClient(make.user(is_staff=True, is_superuser=True))
    step_up(root.user, "staff.change_role")

    response = root.patch(f"{STAFF}/{boss.user.pk}", change)

    assert (response.status_code, response.json()["error"]["code"]) == (409, "LAST_OWNER")
    assert root.delete(f"{STAFF}/{boss.user.pk}").json()["error"]["code"] == "LAST_OWNER"
    assert boss.get(STAFF).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"role": "KING"}, "role"),
        ({"status": "deleted"}, "status"),
        ({"isSuperuser": True}, "isSuperuser"),
        ({}, "role"),
    ],
    ids=["role", "status", "unknown", "nothing"],
)
def test_bad_input_names_the_field(boss: PersonClient, change: dict[str, Any], field: str) -> None:
    response = boss.patch(f"{STAFF}/{helper().pk}", change)

    assert response.status_code == 400
    assert {detail["field"] for detail in response.json()["error"]["details"]} == {field}


def test_a_proof_that_is_still_they_comes_first() -> None:
    boss, support = clients.staff_in("OWNER"), helper()

    for answer in (boss.patch(f"{STAFF}/{support.pk}", {"role": "ADMIN"}), boss.delete(f"{STAFF}/{support.pk}")):
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "STEP_UP_REQUIRED")
    assert User.objects.get(pk=support.pk).is_active


def test_a_customer_is_no_member_of_staff(boss: PersonClient) -> None:
    customer = make.user()

    assert boss.patch(f"{STAFF}/{customer.pk}", {"role": "SUPPORT"}).status_code == 404
    assert boss.delete(f"{STAFF}/{customer.pk}").status_code == 404
