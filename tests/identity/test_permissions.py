"""What staff may do comes with their sign-in."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from pytest_django import DjangoAssertNumQueries

from identity import permissions
from identity.services import access_tokens, tokens
from platform_core import scoping
from tests import clients, make

ORDERS = "/api/v1/admin/orders"


def test_it_is_no_question_of_its_own(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    client = clients.staff_in("SUPPORT")
    client.user.user_permissions.add(Permission.objects.get(codename="manage_staff"))
    issued = tokens.issue(client.user, organization_id=None, methods=["pwd", "otp"], two_factor=True)

    with django_assert_num_queries(1):
        found = access_tokens.verify(issued.access_token, for_staff=True).session.user
        held = permissions.of(found)

    assert held == permissions.of(client.user)
    assert {"identity.manage_staff", "tenants.view_order"} <= held
    client.user.user_permissions.clear()
    client.user.groups.set(Group.objects.none())
    assert permissions.of(access_tokens.verify(issued.access_token, for_staff=True).session.user) == set()


@pytest.mark.parametrize("fields", [{}, {"is_staff": True, "is_superuser": True}], ids=["customer", "superuser"])
def test_of_others_it_is_asked_when_somebody_wants_to_know(fields: dict[str, Any]) -> None:
    user = make.user(**fields)
    issued = tokens.issue(user, organization_id=None)

    with scoping.system():
        found = access_tokens.verify(issued.access_token, for_staff=True).session.user

    assert permissions.CACHED not in vars(found)
    assert ("tenants.view_order" in permissions.of(found)) == user.is_superuser


def test_a_role_that_is_taken_away_is_gone_with_the_next_request() -> None:
    client = clients.staff_in("SUPPORT")
    assert client.get(ORDERS).status_code == 200

    client.user.groups.clear()

    assert client.get(ORDERS).status_code == 403
