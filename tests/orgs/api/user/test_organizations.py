"""The organizations that a person belongs to."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from identity.models import Session
from orgs.models import Membership, Organization
from orgs.roles import Role
from platform_core import clock
from platform_core.models import AuditEvent, Mail
from tenants.models import Order
from tests import make
from tests.clients import ApiClient, PersonClient
from tests.orgs.people import caller, place_of
from tests.sign_ins import step_up

NOBODY = "00000000-0000-7000-8000-000000000000"
ORGANIZATIONS = "/api/v1/organizations"


def test_people_see_their_own(owner: PersonClient, outsider: PersonClient) -> None:
    second = make.organization("Annex")
    make.membership(second, owner.user)

    body = owner.get(ORGANIZATIONS).json()

    assert [each["name"] for each in body["items"]] == ["Annex", "Harbour Bakery"]
    assert body["meta"] == {"page": 1, "pageSize": 25, "total": 2}


@pytest.mark.parametrize("status", [Membership.Status.SUSPENDED])
def test_a_place_that_is_not_active_shows_nothing(owner: PersonClient, status: str) -> None:
    Membership.objects.update(status=status)

    assert owner.get(ORGANIZATIONS).json()["items"] == []
    assert owner.get(f"{ORGANIZATIONS}/{owner.organization.pk}").status_code == 404


def test_a_suspended_organization_shows_nothing(owner: PersonClient) -> None:
    Organization.objects.update(status=Organization.Status.SUSPENDED)

    assert owner.get(ORGANIZATIONS).json()["items"] == []
    assert owner.get(f"{ORGANIZATIONS}/{owner.organization.pk}").status_code == 404


def test_people_create_organizations_and_own_them(member: PersonClient) -> None:
    response = member.post(ORGANIZATIONS, {"name": "New Bakery", "billingEmail": "bills@bakery.test"})

    made = Organization.objects.get(slug="new-bakery")
    body = response.json()
    assert response.status_code == 201
    assert body.pop("createdAt").endswith("Z")
    assert body == {
        "id": str(made.pk),
        "name": "New Bakery",
        "slug": "new-bakery",
        "status": "active",
        "billingEmail": "bills@bakery.test",
        "avatarUrl": None,
        "seatLimit": None,
        "twoFactorRequired": False,
        "sessionMaxHours": None,
        "defaultProductRoles": {},
    }
    assert made.memberships.get().role == Role.OWNER
    assert AuditEvent.objects.get().action == "organization.create"
    assert member.get(f"{ORGANIZATIONS}/{made.pk}").status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "n" * 121}, "name"),
        ({"name": "Bakery", "billingEmail": "nobody"}, "billingEmail"),
        ({"name": "Bakery", "slug": "www"}, "slug"),
        ({"name": "Bakery", "seatLimit": 999}, "seatLimit"),
        ({"name": "Bakery", "ownerId": "x"}, "ownerId"),
    ],
    ids=str,
)
def test_bad_input_names_the_field(owner: PersonClient, body: dict[str, Any], field: str) -> None:
    response = owner.post(ORGANIZATIONS, body)

    assert response.status_code == 400
    assert list(response.json()["details"]) == [field]
    assert Organization.objects.count() == 1


def test_a_strangers_organization_is_answered_like_an_unknown_one(owner: PersonClient, outsider: PersonClient) -> None:
    theirs = outsider.get(f"{ORGANIZATIONS}/{owner.organization.pk}")
    unknown = outsider.get(f"{ORGANIZATIONS}/{uuid4()}")

    assert theirs.status_code == unknown.status_code == 404
    assert theirs.content == unknown.content
    assert owner.get(f"{ORGANIZATIONS}/{owner.organization.pk}").json()["name"] == "Harbour Bakery"


def test_nobody_sees_none(anonymous: ApiClient, organization: Organization) -> None:
    assert anonymous.get(ORGANIZATIONS).status_code == 401
    assert anonymous.post(ORGANIZATIONS, {"name": "Bakery"}).status_code == 401
    assert anonymous.get(f"{ORGANIZATIONS}/{organization.pk}").status_code == 401


def path(client: PersonClient, rest: str = "") -> str:
    return f"{ORGANIZATIONS}/{client.organization.pk}{rest}"


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    ("method", "rest", "body", "allowed"),
    [
        ("get", "", None, set(Role)),
        ("get", "/product-role-options", None, set(Role)),
        ("patch", "", {"name": "Pier Bakery"}, {Role.OWNER, Role.ADMIN}),
        ("delete", "", None, {Role.OWNER}),
        ("post", "/leave", {}, set(Role)),
    ],
)
def test_each_role_may_do_its_part(
    organization: Organization, role: Role, method: str, rest: str, body: Any, allowed: set[Role]
) -> None:
    make.person(organization, Role.OWNER)
    client = caller(organization, role)
    step_up(client.user, "organization.delete")
    data = {} if body is None else {"data": body}

    response = getattr(client, method)(path(client, rest), **data)

    assert (response.status_code < 300) == (role in allowed)
    if role not in allowed:
        assert response.status_code == 403
        assert actions() == ["access.denied"]


class TestSettings:
    """What admins change."""

    def test_each_is_kept_and_told(self, owner: PersonClient) -> None:
        make.product("pages", role_options=["admin", "editor"])
        body = {
            "name": "Pier Bakery",
            "billingEmail": "bills@pier.test",
            "sessionMaxHours": 12,
            "defaultProductRoles": {"pages": "editor"},
        }

        answer = owner.patch(path(owner), body).json()

        assert {name: answer[name] for name in body} == body
        assert answer["slug"] == owner.organization.slug
        changes = AuditEvent.objects.get().changes
        assert changes["name"] == ["Harbour Bakery", "Pier Bakery"]
        assert changes["session_max_hours"] == [None, 12]
        assert owner.patch(path(owner), body).status_code == 200
        assert actions() == ["organization.update"]

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"name": ""}, "name"),
            ({"billingEmail": "nobody"}, "billingEmail"),
            ({"sessionMaxHours": 0}, "sessionMaxHours"),
            ({"sessionMaxHours": 721}, "sessionMaxHours"),
            ({"defaultProductRoles": {"nothing": "admin"}}, "defaultProductRoles"),
            ({"slug": "pier"}, "slug"),
            ({"seatLimit": 99}, "seatLimit"),
            ({"status": "deleted"}, "status"),
        ],
        ids=str,
    )
    def test_bad_input_names_the_field(self, owner: PersonClient, body: dict[str, Any], field: str) -> None:
        response = owner.patch(path(owner), body)

        assert response.status_code == 400
        assert list(response.json()["details"]) == [field]
        assert actions() == []

    def test_nobody_locks_themselves_out(self, owner: PersonClient) -> None:
        response = owner.patch(path(owner), {"twoFactorRequired": True})

        assert response.status_code == 409
        assert not Organization.objects.get().two_factor_required

    def test_whoever_has_a_second_factor_may_ask_it_of_all(self, owner: PersonClient, member: PersonClient) -> None:
        Session.objects.filter(user=owner.user).update(two_factor_at=clock.wall())

        assert owner.patch(path(owner), {"twoFactorRequired": True}).json()["twoFactorRequired"] is True
        refused = member.get(path(owner))
        assert (refused.status_code, refused.json()["code"]) == (403, "MFA_ENROLLMENT_REQUIRED")

    def test_a_sign_in_that_is_too_old_sees_nothing_of_it(self, owner: PersonClient) -> None:
        Organization.objects.update(session_max_hours=12)
        other = make.organization("Annex")
        make.membership(other, owner.user)
        assert owner.get(path(owner)).status_code == 200

        Session.objects.update(created_at=clock.now() - timedelta(hours=12, minutes=1))

        refused = owner.get(path(owner))
        assert (refused.status_code, refused.json()["code"]) == (403, "SIGN_IN_AGAIN")
        assert [each["name"] for each in owner.get(ORGANIZATIONS).json()["items"]] == ["Annex"]


class TestTheEnd:
    """Deleted, it is out of everybody's reach; an owner may bring it back for a while."""

    def test_it_is_gone_for_everybody_and_comes_back(self, owner: PersonClient, member: PersonClient) -> None:
        make.membership(owner.organization, role=Role.OWNER)
        step_up(owner.user, "organization.delete")

        assert owner.delete(path(owner)).status_code == 204

        for client in (owner, member):
            assert client.get(path(owner)).status_code == 404
            assert client.get(ORGANIZATIONS).json()["items"] == []
            assert client.post(path(owner, "/leave")).status_code == 404
        assert Mail.objects.filter(template="orgs/deleted").count() == 2
        assert member.post(path(owner, "/restore")).status_code == 404

        restored = owner.post(path(owner, "/restore"))
        assert (restored.status_code, restored.json()["status"]) == (200, "active")
        assert member.get(path(owner)).status_code == 200
        assert [each for each in actions() if each != "access.denied"] == [
            "organization.delete",
            "organization.restore",
        ]

    def test_it_takes_a_proof_for_this_and_nothing_else(self, owner: PersonClient) -> None:
        step_up(owner.user, "organization.transfer", "account.delete")

        response = owner.delete(path(owner))

        assert (response.status_code, response.json()["code"]) == (403, "STEP_UP_REQUIRED")
        assert response.json()["details"] == {"purpose": ["organization.delete"]}
        assert Organization.objects.get(pk=owner.organization.pk).status == "active"
        assert actions() == []

    @pytest.mark.parametrize("role", [each for each in Role if each != Role.OWNER])
    def test_whoever_may_not_is_not_asked_for_one(self, owner: PersonClient, role: Role) -> None:
        response = caller(owner.organization, role).delete(path(owner))

        assert (response.status_code, response.json()["code"]) == (403, "FORBIDDEN")

    def test_what_is_not_deleted_is_not_restored(self, owner: PersonClient, outsider: PersonClient) -> None:
        assert owner.post(path(owner, "/restore")).status_code == 409

        theirs, unknown = outsider.post(path(owner, "/restore")), outsider.post(f"{ORGANIZATIONS}/{uuid4()}/restore")
        assert theirs.status_code == unknown.status_code == 404
        assert theirs.content == unknown.content

    def test_what_is_purged_is_not_restored(self, owner: PersonClient) -> None:
        Organization.objects.update(status="deleted", deleted_at=clock.now(), purged_at=clock.now())

        assert owner.post(path(owner, "/restore")).status_code == 404

    def test_nothing_that_runs_is_deleted(self, owner: PersonClient) -> None:
        order = make.order(owner.organization)
        step_up(owner.user, "organization.delete")

        response = owner.delete(path(owner))

        assert (response.status_code, response.json()["code"]) == (409, "ORGANIZATION_IN_USE")
        assert sorted(response.json()["details"]["organization"]) == [
            f"the server {order.domain}",
            f"the subscription to {order.subscription.plan.name}",
        ]
        assert owner.get(path(owner)).status_code == 200
        assert actions() == []

    def test_what_has_ended_stands_in_nobodys_way(self, owner: PersonClient) -> None:
        order = make.order(owner.organization, status=Order.Status.CANCELED)
        type(order.subscription).objects.update(status="canceled")
        step_up(owner.user, "organization.delete")

        assert owner.delete(path(owner)).status_code == 204


class TestHandingOver:
    """To an active member, after proving once more who one is."""

    def transfer(self, client: PersonClient, member: Membership | None) -> Any:
        return client.post(path(client, "/transfer-ownership"), {"memberId": str(member.pk if member else uuid4())})

    def test_the_former_owner_is_an_admin_and_both_are_told(self, owner: PersonClient, member: PersonClient) -> None:
        step_up(owner.user, "organization.transfer")

        response = self.transfer(owner, place_of(member))

        assert (response.status_code, response.json()["role"]) == (200, "owner")
        assert (place_of(owner).role, place_of(member).role) == ("admin", "owner")
        mails = dict(Mail.objects.filter(template="orgs/transferred").values_list("to", "subject"))
        assert mails == {
            "owner@harbour.test": "Harbour Bakery has another owner",
            "member@harbour.test": "You own Harbour Bakery now",
        }
        assert actions() == ["organization.transfer"]
        # The same request once more is told that it is done; anything else comes from somebody who may not.
        again = self.transfer(owner, place_of(member))
        assert (again.status_code, again.json()["message"]) == (409, "This person owns the organization already.")
        assert self.transfer(owner, place_of(owner)).status_code == 403
        assert self.transfer(owner, None).status_code == 403
        assert owner.post(path(owner, "/transfer-ownership"), {"memberId": "x"}).status_code == 403
        assert actions().count("organization.transfer") == 1
        assert Mail.objects.count() == 2

    def test_it_takes_a_proof(self, owner: PersonClient, member: PersonClient) -> None:
        step_up(owner.user, "account.delete")

        response = self.transfer(owner, place_of(member))

        assert (response.status_code, response.json()["code"]) == (403, "STEP_UP_REQUIRED")
        assert place_of(owner).role == "owner"

    @pytest.mark.parametrize("role", [each for each in Role if each != Role.OWNER])
    def test_nobody_else_may(self, owner: PersonClient, role: Role) -> None:
        client = caller(owner.organization, role)
        step_up(client.user, "organization.transfer")

        assert self.transfer(client, place_of(client)).status_code == 403
        assert place_of(owner).role == "owner"

    def test_only_an_active_member_gets_it(self, owner: PersonClient, outsider: PersonClient) -> None:
        step_up(owner.user, "organization.transfer")
        suspended = make.membership(owner.organization, status="suspended")
        gone = make.membership(owner.organization, make.user(status="suspended"))

        for heir in (suspended, gone, place_of(outsider), None):
            response = self.transfer(owner, heir)
            assert response.status_code == 400
            assert list(response.json()["details"]) == ["memberId"]
        assert place_of(owner).role == "owner"
        assert not Mail.objects.exists()

    def test_an_owner_has_it_already(self, owner: PersonClient) -> None:
        step_up(owner.user, "organization.transfer")
        other = make.membership(owner.organization, role=Role.OWNER)

        assert self.transfer(owner, place_of(owner)).status_code == 409
        assert self.transfer(owner, other).status_code == 409
        assert place_of(owner).role == "owner"

    @pytest.mark.parametrize("body", [{}, {"memberId": "x"}, {"memberId": NOBODY, "role": "owner"}], ids=str)
    def test_bad_input_names_the_field(self, owner: PersonClient, body: dict[str, str]) -> None:
        step_up(owner.user, "organization.transfer")

        response = owner.post(path(owner, "/transfer-ownership"), body)

        assert response.status_code == 400
        assert set(response.json()["details"]) <= {"memberId", "role"}

    def test_after_it_the_account_can_be_deleted(self, owner: PersonClient, member: PersonClient) -> None:
        step_up(owner.user, "organization.transfer", "account.delete")
        assert owner.delete("/api/user/account").status_code == 409

        self.transfer(owner, place_of(member))

        assert owner.delete("/api/user/account").status_code == 204
        assert list(Membership.objects.present().values_list("user", flat=True)) == [member.user.pk]

    def test_so_it_can_after_the_organization_is_deleted(self, owner: PersonClient) -> None:
        step_up(owner.user, "organization.delete", "account.delete")
        owner.delete(path(owner))

        assert owner.delete("/api/user/account").status_code == 204


def test_product_role_options_are_those_of_products_that_have_some(owner: PersonClient) -> None:
    make.product("pages", name="Pages", role_options=["admin", "editor", "viewer"], position=1)
    make.product("alerts", name="Alerts", role_options=["admin"], position=2)
    make.product("bundle", position=3)
    Organization.objects.filter(pk=owner.organization.pk).update(product_codes=["alerts"])

    assert owner.get(path(owner, "/product-role-options")).json() == {
        "items": [
            {"product": "pages", "name": "Pages", "roles": ["admin", "editor", "viewer"], "included": False},
            {"product": "alerts", "name": "Alerts", "roles": ["admin"], "included": True},
        ],
        "meta": {"page": 1, "pageSize": 25, "total": 2},
    }
