"""Organizations and their members in the console: the same rules as everywhere."""

from typing import Any

import pytest

from orgs.models import Invitation, Membership, Organization
from orgs.roles import Role
from platform_core import clock
from platform_core.models import AuditEvent
from tests import clients, make
from tests.clients import PersonClient
from tests.sign_ins import step_up


def operate(client: PersonClient, row: Any, operation: str) -> str:
    """What the page says after an operation."""
    path = f"/admin/orgs/{row._meta.model_name}/{row.pk}/do/{operation}/"
    answer = client.post(path, follow=True)
    return str(answer.content.decode()) if answer.status_code == 200 else str(answer.status_code)


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


def test_the_last_owner_stays_in_the_console_too(organization: Organization) -> None:
    boss = clients.staff_in("OWNER")
    owner = make.membership(organization, role=Role.OWNER)

    for operation in ("suspend", "remove"):
        assert "needs an owner" in operate(boss, owner, operation)
    owner.refresh_from_db()
    assert owner.status == "active"
    assert actions() == []


def test_staff_help_an_organization_whose_owner_is_gone(organization: Organization) -> None:
    boss = clients.staff_in("OWNER")
    owner = make.membership(organization, make.user(status="suspended"), role=Role.OWNER)
    member = make.membership(organization)
    step_up(boss.user, "organization.transfer")

    assert "done" in operate(boss, member, "make_owner")
    assert "done" in operate(boss, owner, "suspend")
    assert "done" in operate(boss, owner, "reinstate")
    assert "done" in operate(boss, owner, "remove")

    assert [place.role for place in Membership.objects.all()] == ["owner"]
    assert actions() == [
        "membership.update_role",
        "membership.update_status",
        "membership.update_status",
        "membership.delete",
    ]
    assert set(AuditEvent.objects.values_list("actor_type", flat=True)) == {"staff"}


@pytest.mark.parametrize(("role", "status"), [("SUPPORT", "403"), ("MANAGER", "403")])
def test_removing_takes_the_permission(organization: Organization, role: str, status: str) -> None:
    member = make.membership(organization)

    assert operate(clients.staff_in(role), member, "remove") == status
    assert Membership.objects.get() == member


def test_taking_it_away_or_giving_it_away_takes_a_proof(organization: Organization) -> None:
    boss = clients.staff_in("OWNER")
    member = make.membership(organization)
    step_up(boss.user, "console.enter", "account.delete")

    for row, operation, purpose in (
        (organization, "delete", "organization.delete"),
        (member, "make_owner", "organization.transfer"),
    ):
        answer = boss.post(f"/admin/orgs/{row._meta.model_name}/{row.pk}/do/{operation}/")
        assert answer.headers["Location"].startswith(f"/staff/console?purpose={purpose}&next=%2Fadmin%2Forgs%2F")

    member.refresh_from_db()
    assert (Organization.objects.get().status, member.role) == ("active", "member")
    assert actions() == []


def test_an_organization_is_deleted_and_restored(organization: Organization) -> None:
    boss = clients.staff_in("OWNER")
    step_up(boss.user, "organization.delete")
    order = make.order(organization)
    assert "Something still runs" in operate(boss, organization, "delete")
    order.status = "CANCELED"
    order.save()
    type(order.subscription).objects.update(status="canceled")

    assert "done" in operate(boss, organization, "delete")
    assert Organization.objects.get().status == "deleted"
    assert "done" in operate(boss, organization, "restore")
    assert Organization.objects.get().status == "active"
    assert "is not deleted" in operate(boss, organization, "restore")

    Organization.objects.update(status="deleted", deleted_at=clock.now(), purged_at=clock.now())
    assert "gone for good" in operate(boss, organization, "restore")


def test_an_invitation_is_taken_back(organization: Organization) -> None:
    invitation = make.invitation(organization)

    assert "done" in operate(clients.staff_in("OWNER"), invitation, "revoke")
    assert not Invitation.objects.pending().exists()
