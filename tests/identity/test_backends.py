"""What a person may do."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission
from pytest_django import DjangoAssertNumQueries

from identity.backends import PeopleBackend
from identity.models import User
from tests import make


def held(user: Any, obj: Any = None) -> set[str]:
    return PeopleBackend().get_all_permissions(user, obj)


def test_what_a_role_gives_and_what_is_ones_own_is_one_question(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    user = make.user()
    user.groups.add(Group.objects.get(name="SUPPORT"))
    user.user_permissions.add(Permission.objects.get(codename="manage_staff"))

    with django_assert_num_queries(1):
        assert user.has_perm("identity.manage_staff")
        assert user.has_perm("tenants.view_order")
        assert not user.has_perm("billing.view_invoice")


def test_a_superuser_holds_everything() -> None:
    user = make.user(is_superuser=True)

    assert len(held(user)) == Permission.objects.count()
    assert user.has_module_perms("billing")


@pytest.mark.parametrize("status", [User.Status.SUSPENDED, User.Status.DELETED])
def test_whoever_is_not_active_holds_nothing(status: User.Status) -> None:
    user = make.user(is_superuser=True, status=status)

    assert held(user) == set()
    assert not user.has_perm("identity.view_user")


def test_strangers_and_single_rows_are_not_known() -> None:
    user = make.user(is_superuser=True)

    assert held(AnonymousUser()) == set()
    assert held(user, user) == set()
