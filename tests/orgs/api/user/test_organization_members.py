"""Who belongs to an organization, as what, and in which roles in products."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from identity.models import User
from orgs.models import Invitation, Membership, Organization
from orgs.roles import Role
from platform_core.models import AuditEvent, Mail
from tests import make
from tests.clients import ApiClient, PersonClient
from tests.orgs.people import caller, place_of

EVERYBODY = set(Role)
ADMINS = {Role.OWNER, Role.ADMIN}


def path(client: PersonClient, member: Membership | None = None, rest: str = "") -> str:
    root = f"/api/v1/organizations/{client.organization.pk}/members"
    return f"{root}/{member.pk}{rest}" if member else root


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


def test_members_see_each_other(owner: PersonClient, member: PersonClient, outsider: PersonClient) -> None:
    body = member.get(path(member)).json()

    assert [(each["email"], each["role"], each["status"]) for each in body["items"]] == [
        ("owner@harbour.test", "owner", "active"),
        ("member@harbour.test", "member", "active"),
    ]
    first = Membership.objects.get(user=owner.user)
    assert (body["items"][0]["id"], body["items"][0]["userId"]) == (str(first.pk), str(owner.user.pk))
    assert body["items"][0]["name"] == "owner@harbour.test"


def test_strangers_and_unknown_organizations_are_answered_alike(owner: PersonClient, outsider: PersonClient) -> None:
    theirs = outsider.get(path(owner))
    unknown = outsider.get(f"/api/v1/organizations/{uuid4()}/members")

    assert theirs.status_code == unknown.status_code == 404
    assert theirs.content == unknown.content


def test_nobody_sees_members(owner: PersonClient, anonymous: ApiClient) -> None:
    assert anonymous.get(path(owner)).status_code == 401


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    ("method", "rest", "body", "allowed"),
    [
        ("get", None, None, EVERYBODY),
        ("get", "", None, EVERYBODY),
        ("get", "/product-roles", None, EVERYBODY),
        ("post", None, {"email": "nora@example.test"}, ADMINS),
        ("put", "", {"role": "auditor", "productRoles": {}}, ADMINS),
        ("put", "/product-roles", {"productRoles": {}}, ADMINS),
        ("patch", "", {"role": "auditor"}, {Role.OWNER}),
        ("delete", "", None, ADMINS),
    ],
)
def test_each_role_may_do_its_part(
    organization: Organization, role: Role, method: str, rest: str | None, body: Any, allowed: set[Role]
) -> None:
    owner = caller(organization, Role.OWNER)
    target = make.membership(organization)
    client = caller(organization, role)
    data = {} if body is None else {"data": body}

    response = getattr(client, method)(path(owner, None if rest is None else target, rest or ""), **data)

    assert (response.status_code < 300) == (role in allowed)
    assert response.status_code in {200, 201, 204, 403}
    if role not in allowed:
        assert actions() == ["access.denied"]
        target.refresh_from_db()
        assert (target.role, Invitation.objects.count()) == (Role.MEMBER, 0)


def test_a_custom_role_decides_in_place_of_plain_member(organization: Organization) -> None:
    recruiter = make.custom_role(organization, "recruiter", permissions=["member.read", "member.invite"])
    client = PersonClient(make.user(), organization)
    make.membership(organization, client.user, custom_role=recruiter)

    assert client.get(path(client)).json()["items"][0]["role"] == "recruiter"
    assert client.get(f"/api/v1/organizations/{organization.pk}").status_code == 200
    assert client.get(f"/api/v1/organizations/{organization.pk}/subscription").status_code == 403
    assert client.post(path(client), {"email": "a@example.test", "role": "recruiter"}).status_code == 201
    # What the role does not hold itself, it cannot give.
    assert client.post(path(client), {"email": "b@example.test", "role": "member"}).status_code == 403


class TestListing:
    """Pages, filters, and how many questions they cost."""

    def test_a_search_finds_names_and_addresses(self, owner: PersonClient, member: PersonClient) -> None:
        User.objects.filter(pk=member.user.pk).update(first_name="Marco", last_name="Ruiz")

        def found(query: str) -> list[str]:
            return [each["email"] for each in owner.get(f"{path(owner)}?{query}").json()["items"]]

        assert found("search=RUIZ") == ["member@harbour.test"]
        assert found("search=owner@") == ["owner@harbour.test"]
        assert found("role=owner") == ["owner@harbour.test"]
        assert found("status=suspended") == []
        assert found("status=active&search=harbour") == ["owner@harbour.test", "member@harbour.test"]

    def test_a_custom_role_is_found_by_its_key(self, owner: PersonClient) -> None:
        role = make.custom_role(owner.organization, "recruiter")
        place = make.membership(owner.organization, custom_role=role)

        items = owner.get(f"{path(owner)}?role=recruiter").json()["items"]

        assert [each["id"] for each in items] == [str(place.pk)]
        assert owner.get(f"{path(owner)}?role=member").json()["items"] == []

    @pytest.mark.parametrize(
        ("query", "field"), [("status=gone", "status"), ("page=x", "page"), ("pageSize=101", "pageSize"), ("a=1", "a")]
    )
    def test_bad_questions_name_the_word(self, owner: PersonClient, query: str, field: str) -> None:
        response = owner.get(f"{path(owner)}?{query}")

        assert response.status_code == 400
        assert list(response.json()["details"]) == [field]

    def test_a_large_organization_costs_no_more_questions(self, owner: PersonClient) -> None:
        people = User.objects.bulk_create(User(email=f"p{number}@example.test") for number in range(300))
        places = Membership.objects.bulk_create(
            Membership(organization=owner.organization, user=person) for person in people
        )
        for place in places[:30]:
            make.role_grant(place, "pages")

        with CaptureQueriesContext(connection) as queries:
            body = owner.get(f"{path(owner)}?pageSize=100&page=2").json()

        assert len(queries) <= 12
        assert len(body["items"]) == 100
        assert body["meta"] == {"page": 2, "pageSize": 100, "total": 301}

    def test_a_search_that_nothing_matches_is_made_once(self, owner: PersonClient) -> None:
        with CaptureQueriesContext(connection) as queries:
            body = owner.get(f"{path(owner)}?search=nobody").json()

        assert body == {"items": [], "meta": {"page": 1, "pageSize": 25, "total": 0}}
        assert sum("NOBODY" in query["sql"].upper() for query in queries) == 1


class TestAdding:
    """Whoever is added has to say yes."""

    def test_an_address_is_invited(self, owner: PersonClient) -> None:
        make.product("pages", role_options=["admin", "editor", "viewer"])

        body = {"email": " Nora@Example.test ", "role": "admin", "productRoles": {"pages": "editor"}}
        response = owner.post(path(owner), body)

        invitation = Invitation.objects.get()
        answer = response.json()
        assert response.status_code == 201
        assert answer.pop("createdAt").endswith("Z")
        assert answer == {
            "id": str(invitation.pk),
            "email": "nora@example.test",
            "role": "admin",
            "status": "invited",
        }
        assert invitation.product_roles == {"pages": "editor"}
        assert Mail.objects.get().to == "nora@example.test"
        assert actions() == ["invitation.create"]

    def test_whether_the_address_has_an_account_does_not_show(self, owner: PersonClient) -> None:
        make.user("known@example.test")

        known = owner.post(path(owner), {"email": "known@example.test"}).json()
        unknown = owner.post(path(owner), {"email": "unknown@example.test"}).json()

        assert (known["status"], unknown["status"]) == ("invited", "invited")
        assert set(known) == set(unknown)
        assert not Membership.objects.filter(user__email="known@example.test").exists()

    def test_whoever_was_suspended_is_active_again(self, owner: PersonClient, member: PersonClient) -> None:
        Membership.objects.filter(user=member.user).update(status="suspended")

        response = owner.post(path(owner), {"email": "member@harbour.test"})

        assert response.status_code == 201
        assert response.json()["status"] == "active"
        assert response.json()["id"] == str(place_of(member).pk)
        assert place_of(member).status == "active"
        assert actions() == ["membership.update_status"]

    def test_a_member_is_not_added_twice(self, owner: PersonClient, member: PersonClient) -> None:
        response = owner.post(path(owner), {"email": "member@harbour.test"})

        assert response.status_code == 409
        assert not Invitation.objects.exists()

    @pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
    def test_nobody_is_invited_as_owner(self, organization: Organization, role: Role) -> None:
        client = caller(organization, role)

        response = client.post(path(client), {"email": "nora@example.test", "role": "owner"})

        assert response.status_code == 400
        assert list(response.json()["details"]) == ["role"]
        assert not Invitation.objects.exists()

    def test_an_admin_gives_no_role_that_may_do_more_than_theirs(self, organization: Organization) -> None:
        client = caller(organization, Role.ADMIN)

        assert client.post(path(client), {"email": "nora@example.test", "role": "billing"}).status_code == 403
        assert not Invitation.objects.exists()

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "email"),
            ({"email": "nobody"}, "email"),
            ({"email": "nora@example.test", "role": "root"}, "role"),
            ({"email": "nora@example.test", "role": ""}, "role"),
            ({"email": "nora@example.test", "productRoles": {"nothing": "admin"}}, "productRoles"),
            ({"email": "nora@example.test", "productRoles": "admin"}, "productRoles"),
            ({"email": "nora@example.test", "organizationId": "x"}, "organizationId"),
        ],
        ids=str,
    )
    def test_bad_input_names_the_field(self, owner: PersonClient, body: dict[str, Any], field: str) -> None:
        response = owner.post(path(owner), body)

        assert response.status_code == 400
        assert list(response.json()["details"]) == [field]
        assert not Invitation.objects.exists()
        assert not Mail.objects.exists()

    def test_seats_are_counted_with_open_invitations(self, owner: PersonClient) -> None:
        Organization.objects.update(seat_limit=2)
        assert owner.post(path(owner), {"email": "a@example.test"}).status_code == 201

        response = owner.post(path(owner), {"email": "b@example.test"})

        assert (response.status_code, response.json()["code"]) == (402, "SEAT_LIMIT")
        assert "2 seats, of which 2 are taken" in response.json()["message"]
        assert Invitation.objects.count() == 1


class TestChanging:
    """PATCH is an owner's; PUT an admin's too, who never touches an owner."""

    def test_an_owner_makes_an_owner(self, owner: PersonClient, member: PersonClient) -> None:
        response = owner.patch(path(owner, place_of(member)), {"role": "owner"})

        assert response.status_code == 200
        assert response.json()["role"] == "owner"
        event = AuditEvent.objects.get()
        assert (event.action, event.changes) == ("membership.update_role", {"role": ["member", "owner"]})

    def test_the_same_role_is_no_change(self, owner: PersonClient, member: PersonClient) -> None:
        assert owner.patch(path(owner, place_of(member)), {"role": "member"}).status_code == 200
        assert actions() == []

    @pytest.mark.parametrize("role", ["owner", "billing"])
    def test_an_admin_makes_nobody_stronger_than_themselves(self, organization: Organization, role: str) -> None:
        admin = caller(organization, Role.ADMIN)

        for place in (place_of(admin), make.membership(organization)):
            response = admin.put(path(admin, place), {"role": role, "productRoles": {}})
            assert response.status_code == 403
        assert set(Membership.objects.values_list("role", flat=True)) == {"admin", "member"}
        # Both at one place within a minute.
        assert actions() == ["access.denied"]

    def test_an_admin_touches_no_owner(self, owner: PersonClient) -> None:
        admin = caller(owner.organization, Role.ADMIN)
        target = path(admin, place_of(owner))

        assert admin.put(target, {"role": "member", "productRoles": {}}).status_code == 403
        assert admin.put(f"{target}/product-roles", {"productRoles": {}}).status_code == 403
        assert admin.delete(target).status_code == 403
        assert place_of(owner).role == "owner"
        assert actions() == ["access.denied"] * 3

    def test_who_holds_a_custom_role_touches_no_admin(self, organization: Organization) -> None:
        strong = make.custom_role(organization, permissions=["member.update", "member.remove"])
        client = PersonClient(make.user(), organization)
        make.membership(organization, client.user, custom_role=strong)
        admin = make.membership(organization, role=Role.ADMIN)

        assert client.delete(path(client, admin)).status_code == 403
        assert client.put(path(client, admin), {"role": "member", "productRoles": {}}).status_code == 403

    def test_role_product_roles_and_status_change_together(self, owner: PersonClient, member: PersonClient) -> None:
        make.role_grant(place_of(member), "pages", "viewer")
        make.product("alerts", role_options=["admin", "editor"])
        body = {"role": "auditor", "productRoles": {"alerts": "admin"}, "status": "suspended"}

        answer = owner.put(path(owner, place_of(member)), body).json()

        assert (answer["role"], answer["productRoles"], answer["status"]) == (
            "auditor",
            {"alerts": "admin"},
            "suspended",
        )
        assert actions() == ["membership.update_role", "membership.update_status", "membership.update_product_roles"]
        assert member.get(f"/api/v1/organizations/{owner.organization.pk}").status_code == 404

    def test_one_mistake_leaves_all_as_it_was(self, owner: PersonClient, member: PersonClient) -> None:
        body = {"role": "auditor", "productRoles": {"nothing": "admin"}, "status": "suspended"}

        response = owner.put(path(owner, place_of(member)), body)

        assert response.status_code == 400
        assert list(response.json()["details"]) == ["productRoles"]
        assert (place_of(member).role, place_of(member).status) == ("member", "active")
        assert actions() == []

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "role"),
            ({"role": "root", "productRoles": {}}, "role"),
            ({"role": "member"}, "productRoles"),
            ({"role": "member", "productRoles": {"a": {}}}, "productRoles.a"),
            ({"role": "member", "productRoles": {}, "status": "gone"}, "status"),
            ({"role": "member", "productRoles": {}, "userId": "x"}, "userId"),
        ],
        ids=str,
    )
    def test_bad_input_names_the_field(
        self, owner: PersonClient, member: PersonClient, body: dict[str, Any], field: str
    ) -> None:
        response = owner.put(path(owner, place_of(member)), body)

        assert response.status_code == 400
        assert field in response.json()["details"]
        assert actions() == []

    @pytest.mark.parametrize(
        ("body", "field"),
        [({}, "role"), ({"role": "root"}, "role"), ({"role": "admin", "status": "suspended"}, "status")],
        ids=str,
    )
    def test_a_role_alone_is_changed_by_a_role_alone(
        self, owner: PersonClient, member: PersonClient, body: dict[str, Any], field: str
    ) -> None:
        response = owner.patch(path(owner, place_of(member)), body)

        assert (response.status_code, list(response.json()["details"])) == (400, [field])
        assert actions() == []

    def test_nobody_suspends_themselves(self, owner: PersonClient) -> None:
        make.membership(owner.organization, role=Role.OWNER)

        body = {"role": "owner", "productRoles": {}, "status": "suspended"}
        assert owner.put(path(owner, place_of(owner)), body).status_code == 409
        assert place_of(owner).status == "active"

    def test_who_comes_back_needs_a_seat(self, owner: PersonClient, member: PersonClient) -> None:
        Membership.objects.filter(user=member.user).update(status="suspended")
        Organization.objects.update(seat_limit=1)

        body = {"role": "member", "productRoles": {}, "status": "active"}
        assert owner.put(path(owner, place_of(member)), body).status_code == 402
        assert place_of(member).status == "suspended"
