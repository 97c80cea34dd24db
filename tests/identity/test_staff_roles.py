"""Staff roles and the permissions that exist."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission

from identity import staff_roles
from tests import make


def held(role: str) -> set[str]:
    rows = Group.objects.get(name=role).permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in rows}


def existing() -> set[str]:
    rows = Permission.objects.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in rows}


def test_every_permission_that_is_named_exists() -> None:
    named = staff_roles.OWNER_ONLY.union(*staff_roles.LISTED.values())

    assert named - existing() == set()


def test_groups_exist_after_migrations_and_hold_what_the_roles_say() -> None:
    ours = {name for name in existing() if name.partition(".")[0] in staff_roles.OUR_APPS}

    assert held(staff_roles.OWNER) == ours
    assert held(staff_roles.ADMIN) == ours - staff_roles.OWNER_ONLY
    assert held(staff_roles.MANAGER) == staff_roles.LISTED[staff_roles.MANAGER]
    assert held(staff_roles.SUPPORT) == staff_roles.LISTED[staff_roles.SUPPORT]


@pytest.mark.parametrize(
    ("role", "permission", "holds"),
    [
        ("OWNER", "identity.manage_staff", True),
        ("ADMIN", "identity.manage_staff", False),
        ("ADMIN", "billing.change_subscription", True),
        ("MANAGER", "tenants.change_order", True),
        ("MANAGER", "billing.view_subscription", False),
        ("MANAGER", "billing.view_invoice", False),
        ("SUPPORT", "identity.view_user", True),
        ("SUPPORT", "tenants.view_order", True),
        ("SUPPORT", "tenants.change_order", False),
        ("SUPPORT", "identity.suspend_user", False),
    ],
)
def test_a_role_may_what_it_is_for(role: str, permission: str, *, holds: bool) -> None:
    user = make.user(is_staff=True)
    user.groups.add(Group.objects.get(name=role))

    assert user.has_perm(permission) is holds


def test_running_again_repairs_what_was_changed_by_hand() -> None:
    group = Group.objects.get(name=staff_roles.SUPPORT)
    group.permissions.set(Permission.objects.all())
    last = list(apps.get_app_configs())[-1]

    staff_roles.sync(last)

    assert held(staff_roles.SUPPORT) == staff_roles.LISTED[staff_roles.SUPPORT]
    assert Group.objects.count() == len(staff_roles.ROLES)


def test_it_waits_until_the_permissions_of_all_apps_exist() -> None:
    Group.objects.all().delete()

    staff_roles.sync(apps.get_app_config("identity"))

    assert not Group.objects.exists()
