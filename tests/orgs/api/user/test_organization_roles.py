"""The roles of an organization: the built-in ones and its own."""

from typing import Any

import pytest

from orgs import roles
from orgs.models import CustomRole, Organization
from orgs.roles import Role
from platform_core.models import AuditEvent
from tests import make
from tests.clients import PersonClient
from tests.orgs.people import caller, place_of

ADMINS = {Role.OWNER, Role.ADMIN}
BODY = {"name": "Release managers", "permissions": ["order.read", "usage.read"]}


def path(client: PersonClient, role: CustomRole | None = None) -> str:
    root = f"/api/v1/organizations/{client.organization.pk}/roles"
    return f"{root}/{role.pk}" if role else root


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    ("method", "one", "body", "allowed"),
    [
        ("get", False, None, set(Role)),
        ("get", True, None, set(Role)),
        ("post", False, BODY, ADMINS),
        ("put", True, BODY, ADMINS),
        ("delete", True, None, ADMINS),
    ],
)
def test_each_role_may_do_its_part(
    organization: Organization,
    role: Role,
    method: str,
    one: bool,
    body: Any,
    allowed: set[Role],
) -> None:
    own = make.custom_role(organization, "own")
    client = caller(organization, role)
    data = {} if body is None else {"data": body}

    response = getattr(client, method)(path(client, own if one else None), **data)

    assert (response.status_code < 300) == (role in allowed)
    if role not in allowed:
        assert response.status_code == 403
        assert AuditEvent.objects.get().action == "access.denied"
        assert CustomRole.objects.get() == own


def test_built_in_ones_come_first_and_nobody_changes_them(owner: PersonClient) -> None:
    own = make.custom_role(owner.organization, "recruiter", permissions=["member.invite", "no.more"])

    body = owner.get(path(owner)).json()
    items = body["items"]
    assert body["meta"] == {"page": 1, "pageSize": 25, "total": 6}

    assert [each["key"] for each in items] == ["owner", "admin", "billing", "member", "auditor", "recruiter"]
    assert items[0]["permissions"] == list(roles.REGISTRY)
    assert items[0]["id"] is None
    assert items[-1] == {
        "id": str(own.pk),
        "key": "recruiter",
        "name": "Recruiter",
        "isBuiltIn": False,
        "permissions": ["organization.read", "member.invite"],
    }


def test_a_role_is_made_changed_and_deleted(owner: PersonClient) -> None:
    made = owner.post(path(owner), BODY)
    role = CustomRole.objects.get()
    assert made.status_code == 201
    assert made.json() == {
        "id": str(role.pk),
        "key": "release-managers",
        "name": "Release managers",
        "isBuiltIn": False,
        "permissions": ["organization.read", "usage.read", "order.read"],
    }

    changed = owner.put(path(owner, role), {"name": "Releases", "permissions": []})
    assert (changed.json()["key"], changed.json()["permissions"]) == ("release-managers", ["organization.read"])
    assert owner.put(path(owner, role), {"name": "Releases", "permissions": []}).status_code == 200

    assert owner.delete(path(owner, role)).status_code == 204
    assert not CustomRole.objects.exists()
    actions = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["customrole.create", "customrole.update", "customrole.delete"]


def test_what_its_holders_may_do_changes_at_once(owner: PersonClient) -> None:
    role = make.custom_role(owner.organization, permissions=["member.read"])
    client = PersonClient(make.user(), owner.organization)
    make.membership(owner.organization, client.user, custom_role=role)
    members = f"/api/v1/organizations/{owner.organization.pk}/members"
    assert client.get(members).status_code == 200

    owner.put(path(owner, role), {"name": "Nothing", "permissions": []})

    assert client.get(members).status_code == 403


@pytest.mark.parametrize(
    "permissions", [["billing.manage"], ["organization.delete"], ["member.assign", "usage.read"]], ids=str
)
def test_nobody_puts_in_what_they_do_not_hold(organization: Organization, permissions: list[str]) -> None:
    admin = caller(organization, Role.ADMIN)
    own = make.custom_role(organization, "own")
    body = {"name": "Strong", "permissions": permissions}

    assert admin.post(path(admin), body).status_code == 403
    assert admin.put(path(admin, own), body).status_code == 403
    assert CustomRole.objects.get().permissions == []


def test_what_is_the_owners_alone_is_in_no_role(owner: PersonClient) -> None:
    for permission in roles.OWNERS_ONLY:
        assert owner.post(path(owner), {"name": "Strong", "permissions": [permission]}).status_code == 403
    assert not CustomRole.objects.exists()


def test_a_role_that_somebody_has_stays(owner: PersonClient, member: PersonClient) -> None:
    role = make.custom_role(owner.organization)
    place = place_of(member)
    place.custom_role = role
    place.save()
    assert owner.delete(path(owner, role)).status_code == 409

    place.delete()
    invitation = make.invitation(owner.organization, by=owner.user, custom_role=role)
    assert owner.delete(path(owner, role)).status_code == 409

    owner.delete(f"/api/v1/organizations/{owner.organization.pk}/invitations/{invitation.pk}")
    assert owner.delete(path(owner, role)).status_code == 204
    invitation.refresh_from_db()
    assert invitation.custom_role is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "", "permissions": []}, "name"),
        ({"name": "n" * 61, "permissions": []}, "name"),
        ({"name": "Owner", "permissions": []}, "name"),
        ({"name": "Own", "permissions": []}, "name"),
        ({"name": "!?", "permissions": []}, "name"),
        ({"name": "New"}, "permissions"),
        ({"name": "New", "permissions": ["root"]}, "permissions"),
        ({"name": "New", "permissions": "root"}, "permissions"),
        ({"name": "New", "permissions": [], "key": "x"}, "key"),
    ],
    ids=str,
)
def test_bad_input_names_the_field(owner: PersonClient, body: dict[str, Any], field: str) -> None:
    make.custom_role(owner.organization, "own")

    response = owner.post(path(owner), body)

    assert response.status_code == 400
    assert field in response.json()["details"]
    assert CustomRole.objects.count() == 1


def test_there_are_not_endlessly_many(owner: PersonClient) -> None:
    CustomRole.objects.bulk_create(
        CustomRole(organization=owner.organization, key=f"r{number}", name=f"R{number}") for number in range(50)
    )

    assert owner.post(path(owner), BODY).status_code == 409
    assert CustomRole.objects.count() == 50


def test_another_organizations_role_is_unknown_and_gives_nothing(owner: PersonClient, outsider: PersonClient) -> None:
    theirs = make.custom_role(outsider.organization, "theirs", permissions=["member.invite"])

    assert owner.get(path(owner, theirs)).status_code == 404
    assert owner.put(path(owner, theirs), BODY).status_code == 404
    assert owner.delete(path(owner, theirs)).status_code == 404
    members = f"/api/v1/organizations/{owner.organization.pk}/members"
    assert owner.post(members, {"email": "n@example.test", "role": "theirs"}).status_code == 400
    assert CustomRole.objects.get() == theirs
