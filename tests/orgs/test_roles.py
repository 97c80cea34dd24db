"""What a role in an organization may do."""

import pytest

from orgs import roles
from orgs.roles import Role, may


@pytest.mark.parametrize(
    ("permission", "holders"),
    [
        (roles.ORGANIZATION_READ, set(Role)),
        (roles.ORGANIZATION_UPDATE, {Role.OWNER, Role.ADMIN}),
        (roles.BILLING_READ, set(Role)),
        (roles.BILLING_MANAGE, {Role.OWNER, Role.BILLING}),
        (roles.AUDIT_READ, {Role.OWNER, Role.ADMIN, Role.MEMBER, Role.AUDITOR}),
    ],
)
def test_each_permission_has_its_holders(permission: str, holders: set[Role]) -> None:
    assert {role for role in Role if may(role, permission)} == holders


def test_unknown_roles_and_permissions_may_nothing() -> None:
    assert not may("root", roles.ORGANIZATION_READ)
    assert not may(Role.OWNER, "everything")
