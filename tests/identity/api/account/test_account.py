"""The person's own account over the API."""

from typing import Any

import pytest

from identity.models import Session, User
from identity.services import tokens
from orgs.roles import Role
from platform_core.models import AuditEvent, Mail
from tests import make
from tests.clients import ApiClient, PersonClient
from tests.make.identity import PASSWORD
from tests.sign_ins import enter, step_up

ACCOUNT = "/api/user/account"
PROFILE, CHANGE = f"{ACCOUNT}/profile", f"{ACCOUNT}/password"
NEW = "another fine password"


def change(client: ApiClient, current: str = PASSWORD, new: str = NEW) -> Any:
    return client.put(CHANGE, {"currentPassword": current, "newPassword": new})


def test_a_profile_is_shown_and_replaced(member: PersonClient) -> None:
    answer = member.put(PROFILE, {"firstName": "Grace", "lastName": "Hopper"})

    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["photoUrl"]) == ("Grace Hopper", None)
    assert member.get(PROFILE).json() == answer.json()
    assert AuditEvent.objects.get().changes == {"first_name": "Grace", "last_name": "Hopper"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"firstName": "Grace"}, "lastName"),
        ({"firstName": "G" * 81, "lastName": ""}, "firstName"),
        ({"firstName": "", "lastName": "", "isEmployee": True}, "isEmployee"),
        ({"firstName": "", "lastName": "", "email": "other@example.test"}, "email"),
    ],
    ids=["half", "long", "employee", "email"],
)
def test_a_profile_takes_a_name_and_nothing_else(member: PersonClient, body: dict[str, Any], field: str) -> None:
    answer = member.put(PROFILE, body)

    assert answer.status_code == 400
    assert list(answer.json()["details"]) == [field]
    assert not AuditEvent.objects.exists()


def test_changing_the_password_ends_every_other_sign_in(member: PersonClient) -> None:
    issued = tokens.issue(member.user, organization_id=None)
    other = ApiClient()
    enter(other, member.user)

    assert change(member).status_code == 204

    assert member.get(PROFILE).status_code == 200
    assert other.get(PROFILE).status_code == 401
    assert ApiClient(headers={"Authorization": f"Bearer {issued.access_token}"}).get(PROFILE).status_code == 401
    assert User.objects.get(pk=member.user.pk).check_password(NEW)
    told = Mail.objects.get()
    assert told.to == member.user.email
    assert "your password was changed" in told.text


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [("wrong", NEW, "currentPassword"), (PASSWORD, "short", "newPassword"), ("", NEW, "currentPassword")],
    ids=["wrong", "weak", "none"],
)
def test_a_password_that_will_not_do_changes_nothing(member: PersonClient, current: str, new: str, field: str) -> None:
    answer = change(member, current, new)

    assert answer.status_code == 400
    assert list(answer.json()["details"]) == [field]
    assert User.objects.get(pk=member.user.pk).check_password(PASSWORD)
    assert Session.objects.get().revoked_at is None


@pytest.mark.usefixtures("one_moment")
def test_a_stolen_session_cannot_guess_the_password(member: PersonClient) -> None:
    assert [change(member, f"wrong {number}").status_code for number in range(5)] == [400] * 5

    answer = change(member)

    assert (answer.status_code, answer.json()["code"]) == (429, "RATE_LIMITED")
    assert answer["Retry-After"]


def test_an_account_is_deleted_after_proving_who_one_is(member: PersonClient, owner: PersonClient) -> None:
    refused = member.delete(ACCOUNT)
    assert (refused.status_code, refused.json()["code"]) == (403, "STEP_UP_REQUIRED")
    step_up(member.user, "account.export")
    assert member.delete(ACCOUNT).status_code == 403

    step_up(member.user, "account.delete")
    answer = member.delete(ACCOUNT)

    assert (answer.status_code, answer.content) == (204, b"")
    assert member.get(PROFILE).status_code == 401
    member.user.refresh_from_db()
    assert (member.user.status, member.user.name) == ("deleted", "Deleted person")
    assert owner.get(PROFILE).status_code == 200


def test_a_sole_owner_is_told_of_their_organizations(owner: PersonClient) -> None:
    make.membership(make.organization("Pier"), owner.user, role=Role.OWNER)
    step_up(owner.user, "account.delete")

    answer = owner.delete(ACCOUNT)

    assert answer.status_code == 409
    assert answer.json() == {
        "code": "LAST_OWNER",
        "message": "Hand these organizations over to another owner, or delete them, first: Harbour Bakery, Pier.",
        "details": {"organizations": ["Harbour Bakery", "Pier"]},
    }
    assert owner.get(PROFILE).status_code == 200


@pytest.mark.parametrize(("verb", "path"), [("get", PROFILE), ("put", PROFILE), ("put", CHANGE), ("delete", ACCOUNT)])
def test_nobody_has_no_account(anonymous: ApiClient, verb: str, path: str) -> None:
    assert getattr(anonymous, verb)(path).status_code == 401
