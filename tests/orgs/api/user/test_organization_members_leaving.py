"""Members who are not to be lost, members who go, and what members are in products."""

from typing import Any
from uuid import uuid4

import pytest

from identity.models import User
from orgs.models import Invitation, Membership, RoleGrant
from orgs.roles import Role
from platform_core.models import AuditEvent
from tests import make
from tests.clients import PersonClient
from tests.orgs.people import caller, place_of


def path(client: PersonClient, member: Membership | None = None, rest: str = "") -> str:
    root = f"/api/v1/organizations/{client.organization.pk}/members"
    return f"{root}/{member.pk}{rest}" if member else root


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


class TestTheLastOwner:
    """Whatever the path, an owner who can act remains."""

    def test_they_neither_leave_nor_step_down(self, owner: PersonClient) -> None:
        target = path(owner, place_of(owner))

        for response in (
            owner.delete(target),
            owner.patch(target, {"role": "member"}),
            owner.put(target, {"role": "admin", "productRoles": {}}),
            owner.post(f"/api/v1/organizations/{owner.organization.pk}/leave"),
        ):
            assert (response.status_code, response.json()["code"]) == (409, "LAST_OWNER")
        assert place_of(owner).role == "owner"
        assert actions() == []

    @pytest.mark.parametrize("status", [User.Status.SUSPENDED, User.Status.DELETED])
    def test_an_owner_who_cannot_sign_in_is_none(self, owner: PersonClient, status: str) -> None:
        make.membership(owner.organization, make.user(status=status), role=Role.OWNER)

        assert owner.delete(path(owner, place_of(owner))).status_code == 409

    def test_neither_is_a_suspended_nor_an_invited_one(self, owner: PersonClient) -> None:
        make.membership(owner.organization, role=Role.OWNER, status="suspended")
        make.invitation(owner.organization, by=owner.user, role=Role.ADMIN)

        assert owner.delete(path(owner, place_of(owner))).status_code == 409

    def test_with_another_one_they_may(self, owner: PersonClient) -> None:
        other = make.membership(owner.organization, role=Role.OWNER)

        assert owner.delete(path(owner, place_of(owner))).status_code == 204
        assert list(Membership.objects.all()) == [other]
        assert owner.get(path(owner)).status_code == 404


class TestRemoving:
    """A place is gone at once, with what hung on it."""

    def test_it_is_gone_with_its_grants_and_invitations(self, owner: PersonClient) -> None:
        admin = caller(owner.organization, Role.ADMIN)
        make.role_grant(place_of(admin))
        make.invitation(owner.organization, "join_theirs", by=admin.user)

        assert owner.delete(path(owner, place_of(admin))).status_code == 204

        assert not Membership.objects.filter(user=admin.user).exists()
        assert not RoleGrant.objects.exists()
        assert not Invitation.objects.pending().exists()
        assert actions() == ["membership.delete"]
        assert admin.get(path(admin)).status_code == 404

    def test_a_member_of_another_organization_is_unknown(self, owner: PersonClient, outsider: PersonClient) -> None:
        theirs, nobody = place_of(outsider), Membership(pk=uuid4())

        for method, rest, body in (
            ("get", "", None),
            ("patch", "", {"role": "member"}),
            ("put", "", {"role": "member", "productRoles": {}}),
            ("delete", "", None),
            ("get", "/product-roles", None),
            ("put", "/product-roles", {"productRoles": {}}),
        ):
            data: dict[str, Any] = {} if body is None else {"data": body}
            known = getattr(owner, method)(path(owner, theirs, rest), **data)
            unknown = getattr(owner, method)(path(owner, nobody, rest), **data)
            assert known.status_code == unknown.status_code == 404
            assert known.content == unknown.content
        assert place_of(outsider).role == "owner"


class TestProductRoles:
    """Given by people, by joining, by directories; the strongest counts."""

    def test_each_says_where_it_comes_from(self, owner: PersonClient, member: PersonClient) -> None:
        place = place_of(member)
        make.role_grant(place, "pages", "viewer")
        make.role_grant(place, "pages", "admin", source="directory", source_ref="group-1")
        make.role_grant(place, "alerts", "editor", source="default")

        answer = member.get(path(owner, place, "/product-roles"))

        assert answer.json() == {
            "items": [
                {"product": "alerts", "name": "Alerts", "role": "editor", "sources": ["default"]},
                {"product": "pages", "name": "Pages", "role": "admin", "sources": ["directory", "manual"]},
            ],
            "meta": {"page": 1, "pageSize": 25, "total": 2},
        }

    def test_people_replace_what_people_gave(self, owner: PersonClient, member: PersonClient) -> None:
        place = place_of(member)
        make.role_grant(place, "pages", "viewer")
        make.role_grant(place, "alerts", "editor", source="default")
        make.role_grant(place, "synthetics", "viewer", source="directory", source_ref="group-1")

        target = path(owner, place, "/product-roles")
        items = owner.put(target, {"productRoles": {"pages": "admin"}}).json()["items"]

        assert [(each["product"], each["role"]) for each in items] == [("pages", "admin"), ("synthetics", "viewer")]
        assert AuditEvent.objects.get().changes == {
            "product_roles": [{"pages": "viewer", "alerts": "editor"}, {"pages": "admin"}]
        }
        assert owner.put(target, {"productRoles": {"pages": "admin"}}).status_code == 200
        assert AuditEvent.objects.count() == 1

    @pytest.mark.parametrize("given", [{"pages": "owner"}, {"nothing": "admin"}, {"bundle": "admin"}])
    def test_what_there_is_not_is_refused(
        self, owner: PersonClient, member: PersonClient, given: dict[str, str]
    ) -> None:
        make.role_grant(place_of(member), "pages", "viewer")
        make.product("bundle")

        response = owner.put(path(owner, place_of(member), "/product-roles"), {"productRoles": given})

        assert response.status_code == 400
        assert list(response.json()["details"]) == ["productRoles"]
        assert RoleGrant.objects.get().role == "viewer"
