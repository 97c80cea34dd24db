"""Invitations to an organization: sent, sent again, taken back, accepted."""

from datetime import timedelta
from typing import Any

import pytest

from identity.models import User
from orgs.models import Invitation, Membership, Organization, RoleGrant
from orgs.roles import Role
from platform_core import clock
from platform_core.models import AuditEvent, Mail
from tests import make
from tests.clients import ApiClient, PersonClient
from tests.orgs.people import caller, place_of

ACCEPT = "/api/v1/organizations/invitations/accept"
ADMINS = {Role.OWNER, Role.ADMIN}


def path(client: PersonClient, invitation: Invitation | None = None, rest: str = "") -> str:
    root = f"/api/v1/organizations/{client.organization.pk}/invitations"
    return f"{root}/{invitation.pk}{rest}" if invitation else root


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


def token_in_mail() -> str:
    """The token of the last invitation that was mailed."""
    return Mail.objects.latest("created_at").text.partition("/accounts/invitation/")[2].partition("/")[0]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("get", None, None),
        ("post", None, {"csv": "email\nnora@example.test\n"}),
        ("post", "/resend", {}),
        ("delete", "", None),
    ],
)
def test_each_role_may_do_its_part(
    organization: Organization, role: Role, method: str, rest: str | None, body: Any
) -> None:
    owner = caller(organization, Role.OWNER)
    invitation = make.invitation(organization, by=owner.user)
    client = caller(organization, role)
    data = {} if body is None else {"data": body}

    response = getattr(client, method)(path(owner, None if rest is None else invitation, rest or ""), **data)

    assert response.status_code == {True: response.status_code, False: 403}[role in ADMINS]
    assert (response.status_code < 300) == (role in ADMINS)
    if role not in ADMINS:
        assert actions() == ["access.denied"]
        assert Invitation.objects.pending().count() == 1


class TestSeeing:
    """Open ones only, and never their links."""

    def test_the_open_ones_the_newest_first(self, owner: PersonClient) -> None:
        role = make.custom_role(owner.organization, "recruiter")
        old = make.invitation(owner.organization, by=owner.user, expires_at=clock.wall() - timedelta(hours=1))
        new = make.invitation(owner.organization, by=owner.user, custom_role=role)
        make.invitation(owner.organization, by=owner.user, revoked_at=clock.wall())
        make.invitation(owner.organization, by=owner.user, accepted_at=clock.wall())

        body = owner.get(path(owner)).json()

        assert [(each["id"], each["status"], each["role"]) for each in body["items"]] == [
            (str(new.pk), "pending", "recruiter"),
            (str(old.pk), "expired", "member"),
        ]
        assert body["items"][0]["invitedBy"] == "owner@harbour.test"
        assert "token" not in str(body).lower()

    def test_those_of_another_organization_are_unknown(self, owner: PersonClient, outsider: PersonClient) -> None:
        theirs = make.invitation(outsider.organization, by=outsider.user)

        assert owner.get(path(owner)).json()["items"] == []
        assert owner.delete(path(owner, theirs)).status_code == 404
        assert owner.post(path(owner, theirs, "/resend")).status_code == 404
        theirs.refresh_from_db()
        assert theirs.revoked_at is None


class TestMany:
    """A whole list, or nobody."""

    def test_everybody_is_invited(self, owner: PersonClient) -> None:
        make.custom_role(owner.organization, "recruiter")
        text = "\ufeffEmail, role\nnora@example.test,admin\n\nMax@Example.test,\nlea@example.test,recruiter\n"

        response = owner.post(path(owner), {"csv": text})

        assert response.status_code == 201
        assert [(each["email"], each["role"]) for each in response.json()["items"]] == [
            ("nora@example.test", "admin"),
            ("max@example.test", "member"),
            ("lea@example.test", "recruiter"),
        ]
        assert Mail.objects.count() == 3
        assert actions() == ["invitation.create"] * 3

    def test_one_bad_line_keeps_all_back(self, owner: PersonClient) -> None:
        make.invitation(owner.organization, by=owner.user, email="max@example.test")
        text = "email,role\nnora@example.test,admin\nlea@example.test,root\nmax@example.test,member\n"

        response = owner.post(path(owner), {"csv": text})

        assert response.status_code == 400
        assert response.json()["details"]["csv"] == [
            "Line 3, lea@example.test: One of: owner, admin, billing, member, auditor.",
            "Line 4, max@example.test: This address has been invited. Send that invitation again, or take it back.",
        ]
        assert Invitation.objects.count() == 1
        assert not Mail.objects.exists()

    def test_an_owner_is_not_smuggled_in(self, organization: Organization) -> None:
        for role in ADMINS:
            client = caller(organization, role)
            response = client.post(path(client), {"csv": "email,role\nnora@example.test,owner\n"})
            assert response.status_code == 400
        admin = caller(organization, Role.ADMIN)
        assert admin.post(path(admin), {"csv": "email,role\nnora@example.test,billing\n"}).status_code == 403
        assert not Invitation.objects.exists()

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "blank"),
            ("nora@example.test", "first line"),
            ("email,role,owner\na@example.test,member,x", "first line"),
            ("role\nmember", "first line"),
            ("email\n", "From 1 to 100"),
            ("email\n" + "a@example.test\n" * 101, "From 1 to 100"),
            ("email\nnobody\n", "Line 2: nobody is no address."),
            ("email,role\n,member\n", "Line 2: nothing is no address."),
            ("email\na@example.test,member\n", "Line 2: too many columns."),
            (f"email\n{'a' * 250}@example.test\n", "is no address"),
            ('email\n"' + "a" * 140_000 + "\n", "no CSV"),
        ],
    )
    def test_what_is_no_list_is_refused(self, owner: PersonClient, text: str, said: str) -> None:
        response = owner.post(path(owner), {"csv": text})

        assert response.status_code == 400
        assert said in str(response.json()["details"]["csv"])
        assert not Invitation.objects.exists()

    def test_more_than_there_are_seats_is_nobody(self, owner: PersonClient) -> None:
        Organization.objects.update(seat_limit=2)

        response = owner.post(path(owner), {"csv": "email\na@example.test\nb@example.test\n"})

        assert (response.status_code, response.json()["code"]) == (402, "SEAT_LIMIT")
        assert not Invitation.objects.exists()

    def test_strangers_are_not_written_to_without_end(self, owner: PersonClient, outsider: PersonClient) -> None:
        text = "email\n" + "".join(f"p{number}@example.test\n" for number in range(100))
        assert owner.post(path(owner), {"csv": text}).status_code == 201

        again = owner.post(path(owner), {"csv": text.replace("p", "q")})

        assert again.status_code == 429
        assert int(again.headers["Retry-After"]) > 0
        assert Invitation.objects.count() == 100
        # Another organization is another caller.
        assert outsider.post(path(outsider), {"csv": "email\nsomebody@example.test"}).status_code == 201

    @pytest.mark.usefixtures("one_moment")
    def test_one_address_is_not_written_to_without_end(self, owner: PersonClient) -> None:
        answers = []
        for _ in range(11):
            answers.append(owner.post(path(owner), {"csv": "email\nnora@example.test"}).status_code)
            Invitation.objects.all().delete()

        assert answers == [201] * 10 + [429]


class TestAgain:
    """Another link for another while."""

    def test_the_older_link_stops_working(self, owner: PersonClient) -> None:
        nora = PersonClient(make.user("nora@example.test"))
        invitation = make.invitation(
            owner.organization,
            "join_old",
            by=owner.user,
            email="nora@example.test",
            expires_at=clock.wall() - timedelta(hours=1),
        )

        response = owner.post(path(owner, invitation, "/resend"))

        assert response.status_code == 200
        assert response.json()["status"] == "pending"
        assert nora.post(ACCEPT, {"token": "join_old"}).status_code == 404
        assert nora.post(ACCEPT, {"token": token_in_mail()}).status_code == 201
        assert actions() == ["invitation.resend", "invitation.accept"]

    def test_an_admin_does_not_send_what_they_could_not_give(self, owner: PersonClient) -> None:
        admin = caller(owner.organization, Role.ADMIN)
        invitation = make.invitation(owner.organization, by=owner.user, role=Role.BILLING)

        assert admin.post(path(admin, invitation, "/resend")).status_code == 403
        assert not Mail.objects.exists()

    def test_one_that_has_run_out_needs_a_seat_again(self, owner: PersonClient) -> None:
        past = clock.wall() - timedelta(hours=1)
        invitation = make.invitation(owner.organization, by=owner.user, expires_at=past)
        Organization.objects.update(seat_limit=1)

        assert owner.post(path(owner, invitation, "/resend")).status_code == 402

    def test_one_that_is_open_has_its_seat(self, owner: PersonClient) -> None:
        invitation = make.invitation(owner.organization, by=owner.user)
        Organization.objects.update(seat_limit=2)

        assert owner.post(path(owner, invitation, "/resend")).status_code == 200

    def test_one_that_was_taken_back_is_gone(self, owner: PersonClient) -> None:
        invitation = make.invitation(owner.organization, "join_x", by=owner.user)

        assert owner.delete(path(owner, invitation)).status_code == 204

        assert owner.delete(path(owner, invitation)).status_code == 404
        assert owner.post(path(owner, invitation, "/resend")).status_code == 404
        assert actions() == ["invitation.revoke"]

    def test_one_that_has_run_out_makes_room_for_another(self, owner: PersonClient) -> None:
        past = clock.wall() - timedelta(hours=1)
        old = make.invitation(owner.organization, by=owner.user, email="nora@example.test", expires_at=past)

        assert owner.post(path(owner), {"csv": "email\nnora@example.test"}).status_code == 201
        old.refresh_from_db()
        assert old.revoked_at is not None


class TestAccepting:
    """Once, by the person whom it was mailed to."""

    @pytest.fixture
    def nora(self) -> PersonClient:
        return PersonClient(make.user("nora@example.test"))

    def test_they_join_with_what_they_were_invited_to(self, owner: PersonClient, nora: PersonClient) -> None:
        for code in ("pages", "alerts", "gone"):
            make.product(code, role_options=["admin", "editor"])
        Organization.objects.update(default_product_roles={"pages": "admin", "alerts": "editor", "old": "admin"})
        make.invitation(
            owner.organization,
            "join_nora",
            by=owner.user,
            role=Role.ADMIN,
            email="nora@example.test",
            product_roles={"pages": "editor", "gone": "viewer"},
        )

        response = nora.post(ACCEPT, {"token": "join_nora"})

        place = Membership.objects.get(user=nora.user)
        assert response.status_code == 201
        assert (response.json()["id"], response.json()["role"]) == (str(place.pk), "admin")
        assert response.json()["productRoles"] == {"pages": "editor", "alerts": "editor"}
        assert set(RoleGrant.objects.values_list("product__code", "role", "source")) == {
            ("pages", "editor", "manual"),
            ("alerts", "editor", "default"),
        }
        assert actions() == ["invitation.accept"]
        assert Invitation.objects.get().accepted_by == nora.user
        assert nora.get(f"/api/v1/organizations/{owner.organization.pk}").status_code == 200

    def test_it_works_once(self, owner: PersonClient, nora: PersonClient) -> None:
        make.invitation(owner.organization, "join_nora", by=owner.user, email="nora@example.test")
        assert nora.post(ACCEPT, {"token": "join_nora"}).status_code == 201

        assert nora.post(ACCEPT, {"token": "join_nora"}).status_code == 404

    def test_nobody_else_uses_it(self, owner: PersonClient, outsider: PersonClient) -> None:
        make.invitation(owner.organization, "join_nora", by=owner.user, email="nora@example.test")

        response = outsider.post(ACCEPT, {"token": "join_nora"})

        assert (response.status_code, response.json()["code"]) == (403, "INVITATION_ADDRESS")
        assert not Membership.objects.filter(organization=owner.organization, user=outsider.user).exists()
        assert Invitation.objects.pending().exists()

    @pytest.mark.parametrize(
        "ended_by",
        ["expires_at", "revoked_at", "accepted_at"],
    )
    def test_one_that_is_over_is_unknown(self, owner: PersonClient, nora: PersonClient, ended_by: str) -> None:
        values: dict[str, Any] = {ended_by: clock.wall() - timedelta(seconds=1)}
        make.invitation(owner.organization, "join_nora", by=owner.user, email="nora@example.test", **values)

        over, unknown = (nora.post(ACCEPT, {"token": token}) for token in ("join_nora", "join_never"))

        assert over.status_code == unknown.status_code == 404
        assert over.content == unknown.content

    def test_it_is_worth_no_more_than_who_sent_it(self, owner: PersonClient, nora: PersonClient) -> None:
        admin = caller(owner.organization, Role.ADMIN)
        make.invitation(owner.organization, "join_nora", by=admin.user, role=Role.ADMIN, email="nora@example.test")

        def answer(**changed: str) -> int:
            Membership.objects.filter(user=admin.user).update(**changed)
            status: int = nora.post(ACCEPT, {"token": "join_nora"}).status_code
            return status

        assert answer(role="member") == 404
        assert answer(role="admin", status="suspended") == 404
        User.objects.filter(pk=admin.user.pk).update(status="suspended")
        assert answer(status="active") == 404
        User.objects.filter(pk=admin.user.pk).update(status="active")
        assert answer() == 201

    def test_a_sender_who_is_demoted_makes_room_for_another(self, owner: PersonClient) -> None:
        member = caller(owner.organization, Role.MEMBER)
        make.invitation(owner.organization, by=member.user, email="nora@example.test")

        assert owner.post(path(owner), {"csv": "email\nnora@example.test"}).status_code == 201

    def test_a_deleted_organization_is_not_joined(self, owner: PersonClient, nora: PersonClient) -> None:
        make.invitation(owner.organization, "join_nora", by=owner.user, email="nora@example.test")
        Organization.objects.update(status="deleted", deleted_at=clock.now())

        assert nora.post(ACCEPT, {"token": "join_nora"}).status_code == 404

    def test_seats_that_went_meanwhile_keep_them_out(self, owner: PersonClient, nora: PersonClient) -> None:
        make.invitation(owner.organization, "join_nora", by=owner.user, email="nora@example.test")
        Organization.objects.update(seat_limit=1)

        response = nora.post(ACCEPT, {"token": "join_nora"})

        assert (response.status_code, response.json()["code"]) == (402, "SEAT_LIMIT")
        assert Invitation.objects.pending().exists()

    def test_a_member_is_told_so(self, owner: PersonClient, member: PersonClient) -> None:
        make.invitation(owner.organization, "join_m", by=owner.user, email="member@harbour.test")

        assert member.post(ACCEPT, {"token": "join_m"}).status_code == 409
        assert place_of(member).role == "member"

    @pytest.mark.parametrize(
        "body", [{}, {"token": ""}, {"token": "x" * 201}, {"token": "x", "role": "owner"}], ids=str
    )
    def test_bad_input_names_the_field(self, nora: PersonClient, body: dict[str, str]) -> None:
        response = nora.post(ACCEPT, body)

        assert response.status_code == 400
        assert set(response.json()["details"]) <= {"token", "role"}

    def test_nobody_is_asked_who_they_are(self, anonymous: ApiClient) -> None:
        assert anonymous.post(ACCEPT, {"token": "x"}).status_code == 401
