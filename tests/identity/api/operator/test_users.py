"""Everybody's accounts, for staff."""

import re
from typing import Any
from uuid import uuid4

import pytest

from identity.models import User
from identity.services import passwords, tokens
from orgs.models import Membership
from orgs.roles import Role
from platform_core.models import AuditEvent, Mail
from tests import make
from tests.clients import ApiClient, PersonClient, staff, staff_in
from tests.make.identity import PASSWORD
from tests.sign_ins import enter, step_up

USERS = "/api/admin/users"
READ, ADD, CHANGE, DELETE, SUSPEND = (
    f"identity.{codename}" for codename in ("view_user", "add_user", "change_user", "delete_user", "suspend_user")
)


def test_accounts_are_listed_the_newest_first_and_searched() -> None:
    make.user("ada@example.test", first_name="Ada", last_name="Lovelace")
    make.user("grace@example.test", status=User.Status.SUSPENDED)
    client = staff(READ)

    def found(**query: str) -> list[str]:
        return [row["email"] for row in client.get(USERS, query).json()["items"]]

    assert found()[1:] == ["grace@example.test", "ada@example.test"]
    assert found(search="LOVE") == ["ada@example.test"]
    assert found(status="suspended") == ["grace@example.test"]
    assert client.get(USERS, {"pageSize": "1"}).json()["meta"] == {"page": 1, "pageSize": 1, "total": 3}


@pytest.mark.parametrize(
    "query", [{"status": "gone"}, {"search": "x" * 101}, {"role": "owner"}, {"search": "\x00"}], ids=str
)
def test_bad_filters_are_refused(query: dict[str, str]) -> None:
    assert staff(READ).get(USERS, query).status_code == 400


def test_one_account_is_shown() -> None:
    user = make.user("ada@example.test", is_employee=True)

    body = staff(READ).get(f"{USERS}/{user.pk}").json()

    assert (body["email"], body["isEmployee"], body["lastLoginAt"]) == ("ada@example.test", True, None)
    assert not {"password", "securityVersion"} & set(body)
    assert staff(READ).get(f"{USERS}/{uuid4()}").status_code == 404


def test_an_account_is_opened_and_its_person_sets_the_password() -> None:
    body = {"email": "Ada@Example.test", "name": "Ada Lovelace", "companyName": "Engines Ltd", "isEmployee": True}

    answer = staff(ADD).post(USERS, body)

    assert answer.status_code == 201
    assert (answer.json()["email"], answer.json()["isEmployee"]) == ("ada@example.test", True)
    assert Membership.objects.get().organization.name == "Engines Ltd"
    link = re.search(r"/accounts/welcome/(pw_[\w-]+)/", Mail.objects.get().text)
    assert link
    assert passwords.set_by_link(link[1], PASSWORD).email == "ada@example.test"
    assert AuditEvent.objects.filter(action="user.create").exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"email": "known@example.test", "name": "Ada"}, 409),
        ({"email": "no address", "name": "Ada"}, 400),
        ({"email": "ada@example.test"}, 400),
        ({"email": "ada@example.test", "name": "Ada", "isStaff": True}, 400),
        ({"email": "ada@example.test", "name": "Ada", "password": "x"}, 400),
    ],
    ids=["known", "no address", "no name", "staff", "password"],
)
def test_a_bad_account_is_not_opened(body: dict[str, Any], status: int) -> None:
    make.user("known@example.test")

    assert staff(ADD).post(USERS, body).status_code == status
    assert User.objects.filter(is_staff=False).count() == 1
    assert not Mail.objects.exists()


def test_staff_say_who_is_an_employee() -> None:
    user = make.user(first_name="Ada")
    client = staff(CHANGE)

    answer = client.put(f"{USERS}/{user.pk}", {"lastName": "Lovelace", "isEmployee": True})
    client.put(f"{USERS}/{user.pk}", {"isEmployee": True})

    assert (answer.json()["name"], answer.json()["isEmployee"]) == ("Ada Lovelace", True)
    assert [event.changes for event in AuditEvent.objects.order_by("created_at")] == [
        {"last_name": "Lovelace"},
        {"is_employee": True},
    ]


@pytest.mark.parametrize("field", ["email", "status", "isStaff", "password", "isSuperuser"])
def test_staff_change_nothing_else_here(field: str) -> None:
    user = make.user()

    answer = staff(CHANGE).put(f"{USERS}/{user.pk}", {field: "x"})

    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])


def test_whoever_is_suspended_is_out_at_once_everywhere(member: PersonClient) -> None:
    issued = tokens.issue(member.user, organization_id=None)
    other = ApiClient()
    enter(other, member.user)
    bearer = ApiClient(headers={"Authorization": f"Bearer {issued.access_token}"})
    client = staff(SUSPEND)

    answer = client.post(f"{USERS}/{member.user.pk}/suspend", {})

    assert (answer.status_code, answer.json()["status"]) == (200, "suspended")
    assert [each.get("/auth/me").status_code for each in (member, other, bearer)] == [401, 401, 401]
    refresh = ApiClient()
    refresh.cookies["rt"] = issued.refresh_token
    assert refresh.post("/auth/refresh").status_code == 401
    assert client.post(f"{USERS}/{member.user.pk}/suspend", {}).status_code == 409

    assert client.post(f"{USERS}/{member.user.pk}/reactivate", {}).json()["status"] == "active"
    assert [each.get("/auth/me").status_code for each in (member, other, bearer)] == [401, 401, 401]
    assert client.post(f"{USERS}/{member.user.pk}/reactivate", {}).status_code == 409


def test_a_person_is_erased() -> None:
    kim = make.person(make.organization(), Role.MEMBER, email="kim@example.test")
    client = staff(DELETE)

    assert client.delete(f"{USERS}/{kim.pk}").status_code == 204
    assert client.delete(f"{USERS}/{kim.pk}").status_code == 404
    kim.refresh_from_db()
    assert kim.status == User.Status.DELETED
    assert AuditEvent.objects.get(action="user.erase").actor_id == str(client.user.pk)


def test_an_erased_person_gets_no_name_again() -> None:
    kim = make.person(make.organization(), Role.MEMBER, email="kim@example.test")
    staff(DELETE).delete(f"{USERS}/{kim.pk}")
    erased = User.objects.values().get(pk=kim.pk)

    for body in ({"firstName": "Kim"}, {"isEmployee": True}, {}):
        assert staff(CHANGE).put(f"{USERS}/{kim.pk}", body).status_code == 404

    assert User.objects.values().get(pk=kim.pk) == erased
    assert not AuditEvent.objects.filter(action__in=["user.update", "user.set_employee"]).exists()


def test_a_sole_owner_is_not_erased() -> None:
    kim = make.person(make.organization("Harbour"), Role.OWNER)

    answer = staff(DELETE).delete(f"{USERS}/{kim.pk}")

    assert (answer.status_code, answer.json()["details"]) == (409, {"organizations": ["Harbour"]})


CALLS = [("put", ""), ("delete", ""), ("post", "/suspend"), ("post", "/reactivate")]


@pytest.mark.parametrize(("verb", "path"), CALLS, ids=["change", "delete", "suspend", "reactivate"])
def test_staff_are_out_of_reach_of_those_who_do_not_decide_about_staff(verb: str, path: str) -> None:
    status = User.Status.SUSPENDED if path == "/reactivate" else User.Status.ACTIVE
    colleague = staff_in("SUPPORT", status=status).user
    body = {"firstName": "Mallory"} if verb == "put" else {}

    answer = getattr(staff_in("ADMIN"), verb)(f"{USERS}/{colleague.pk}{path}", body)

    assert answer.status_code == 403
    before = (colleague.first_name, colleague.status)
    colleague.refresh_from_db()
    assert (colleague.first_name, colleague.status) == before


@pytest.mark.parametrize("role", ["ADMIN", "OWNER"])
def test_an_owner_reaches_staff_and_nobody_suspends_themselves(role: str) -> None:
    colleague, root = staff_in(role).user, staff_in("OWNER")
    step_up(root.user, "staff.change_role")

    assert root.post(f"{USERS}/{colleague.pk}/suspend", {}).status_code == 200
    assert root.post(f"{USERS}/{root.user.pk}/suspend", {}).status_code == 409


@pytest.mark.parametrize(("verb", "path"), CALLS[1:], ids=["delete", "suspend", "reactivate"])
def test_whether_a_colleague_may_sign_in_takes_a_proof(verb: str, path: str) -> None:
    status = User.Status.SUSPENDED if path == "/reactivate" else User.Status.ACTIVE
    colleague, root = staff_in("SUPPORT", status=status).user, staff_in("OWNER")
    step_up(root.user, "console.enter", "account.delete")

    answer = getattr(root, verb)(f"{USERS}/{colleague.pk}{path}", {})

    assert (answer.status_code, answer.json()["code"]) == (403, "STEP_UP_REQUIRED")
    assert answer.json()["details"] == {"purpose": ["staff.change_role"]}
    colleague.refresh_from_db()
    assert colleague.status == status
