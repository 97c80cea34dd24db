"""Roles that an organization makes for itself."""

import pytest

from orgs.models import CustomRole, Membership
from orgs.roles import Role
from orgs.services import custom_roles
from platform_core.errors import NotAllowed
from tests import make
from tests.clients import PersonClient


def test_who_lost_their_role_by_now_makes_none(owner: PersonClient) -> None:
    Membership.objects.filter(user=owner.user).update(role=Role.MEMBER)

    with pytest.raises(NotAllowed):
        custom_roles.create_role(owner.organization, "Strong", [], by=owner.user)
    assert not CustomRole.objects.exists()


def test_the_name_alone_is_changed(owner: PersonClient) -> None:
    role = make.custom_role(owner.organization, permissions=["organization.read"])

    custom_roles.change_role(role, "Guests", [], by=owner.user)

    role.refresh_from_db()
    assert (role.name, role.permissions) == ("Guests", ["organization.read"])
