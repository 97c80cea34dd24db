"""Every organization keeps an owner who can act."""

import pytest
from django.db import transaction

from identity.services import accounts
from orgs.models import Invitation, Membership
from orgs.roles import Role
from orgs.services import ownership
from platform_core import clock, scoping
from platform_core.errors import Conflict
from tests import make


def test_only_active_places_count() -> None:
    shared = make.organization()
    kim = make.person(shared, Role.OWNER)
    make.membership(shared, role=Role.OWNER, status=Membership.Status.SUSPENDED)
    make.membership(make.organization(), kim, role=Role.OWNER, status=Membership.Status.SUSPENDED)

    make.membership(make.organization(status="deleted", deleted_at="2026-01-01T00:00Z"), kim, role=Role.OWNER)

    with scoping.using(None):
        assert ownership.owned_alone(kim) == [shared]


def test_another_owner_is_enough_and_an_admin_is_none() -> None:
    shared = make.organization("Shared")
    kim = make.person(shared, Role.OWNER)
    make.membership(shared, role=Role.ADMIN)
    with pytest.raises(Conflict, match="Shared"):
        ownership.refuse_sole_owner(kim)

    make.membership(shared, role=Role.OWNER)

    ownership.refuse_sole_owner(kim)


def test_whoever_leaves_leaves_everywhere() -> None:
    kim = make.person(make.organization(billing_email="kim@example.test"), Role.MEMBER, email="kim@example.test")
    place = make.membership(make.organization(), kim)
    make.role_grant(place)
    make.invitation(make.organization(), email="kim@example.test")

    ownership.leave_all(kim, "kim@example.test", until=clock.now())

    assert not Invitation.objects.exists()
    assert not Membership.objects.filter(user=kim).exists()
    Membership.objects.all().delete()
    assert not Membership.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_lock_lasts_as_long_as_the_change() -> None:
    organization = make.organization()

    with pytest.raises(transaction.TransactionManagementError):
        ownership.lock(organization)


def test_staff_strand_nobody_by_suspending_an_owner() -> None:
    shared = make.organization("Shared")
    kim = make.person(shared, Role.OWNER)
    make.membership(make.organization("Alone"), kim, role=Role.OWNER)
    colleague = make.membership(shared)
    staff = make.user(is_staff=True, is_superuser=True)

    with pytest.raises(Conflict) as caught:
        accounts.suspend(kim, by=staff)
    assert (caught.value.code, caught.value.details) == ("LAST_OWNER", {"organizations": ["Shared"]})
    kim.refresh_from_db()
    assert kim.status == "active"

    colleague.role = Role.OWNER
    colleague.save()
    accounts.suspend(kim, by=staff)
    assert kim.status == "suspended"
