"""What one person may decide about others in an organization."""

import pytest

from orgs import roles
from orgs.models import Organization
from orgs.roles import Role
from orgs.services import authority
from platform_core.errors import NotAllowed, NotFound
from tests import make


def test_a_member_has_their_roles_and_no_more(organization: Organization) -> None:
    acting = authority.of(organization, make.person(organization, Role.BILLING))

    acting.require(roles.BILLING_MANAGE)
    with pytest.raises(NotAllowed):
        acting.require(roles.MEMBER_INVITE)


def test_staff_act_as_an_owner_where_they_do_not_belong(organization: Organization) -> None:
    staff = make.user(is_staff=True)
    owner = make.membership(organization, role=Role.OWNER)

    authority.of(organization, staff).require_reach(owner)

    make.membership(organization, staff, role=Role.MEMBER)
    with pytest.raises(NotAllowed, match="Only owners change an owner"):
        authority.of(organization, staff).require_reach(owner)


def test_strangers_and_the_suspended_decide_nothing(organization: Organization) -> None:
    suspended = make.membership(organization, role=Role.OWNER, status="suspended").user

    for person in (make.user(), suspended):
        with pytest.raises(NotFound):
            authority.of(organization, person)


def test_a_permission_that_is_gone_is_nothing(organization: Organization) -> None:
    role = make.custom_role(organization, permissions=["no.more", "organization.delete", "usage.read"])

    assert role.held == {"usage.read", "organization.read"}
    assert str(role) == role.name
