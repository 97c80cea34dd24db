"""Roles of staff."""

import pytest
from django.contrib.auth.models import Group

from identity import staff_roles
from identity.models import User
from identity.services import staff
from identity.services.owners import LastOwner
from platform_core.errors import Conflict, InvalidInput, NotAllowed
from platform_core.models import AuditEvent
from tests import clients, make
from tests.make.identity import owner
from tests.sign_ins import make_session


def member(role: str) -> User:
    return clients.staff_in(role).user


def test_an_owner_changes_a_role() -> None:
    boss, helper = owner(), member("SUPPORT")

    staff.change(helper.pk, by=boss, role="MANAGER")

    assert staff_roles.role_of(User.objects.get(pk=helper.pk)) == "MANAGER"
    event = AuditEvent.objects.get(action="staff.change_role")
    assert (event.actor_id, event.changes) == (str(boss.pk), {"role": ["SUPPORT", "MANAGER"]})


def test_the_same_again_changes_nothing() -> None:
    boss, helper = owner(), member("SUPPORT")

    staff.change(helper.pk, by=boss, role="SUPPORT", status="active")

    assert not AuditEvent.objects.exists()


def test_nobody_reaches_above_their_own_role() -> None:
    admin, boss, helper = member("ADMIN"), owner(), member("SUPPORT")
    owner()

    with pytest.raises(NotAllowed, match="above your own"):
        staff.change(helper.pk, by=admin, role="OWNER")
    with pytest.raises(NotAllowed, match="above yours"):
        staff.change(boss.pk, by=admin, role="SUPPORT")
    with pytest.raises(NotAllowed, match="above yours"):
        staff.deactivate(boss.pk, by=admin)


def test_the_last_owner_keeps_the_role_even_by_their_own_hand() -> None:
    boss = owner()

    with pytest.raises(LastOwner):
        staff.change(boss.pk, by=boss, role="ADMIN")

    assert staff_roles.role_of(boss) == "OWNER"


def test_deactivating_ends_sign_ins_and_impersonations_and_keeps_the_role() -> None:
    boss, helper, customer = owner(), member("SUPPORT"), make.user()
    own = make_session(helper)
    acting = make_session(customer, impersonator=helper, reason="To help.")

    staff.deactivate(helper.pk, by=boss)

    own.refresh_from_db()
    acting.refresh_from_db()
    helper.refresh_from_db()
    assert (own.revoked_reason, acting.revoked_reason) == ("suspended", "suspended")
    assert (helper.status, staff_roles.role_of(helper)) == ("suspended", "SUPPORT")


def test_nobody_deactivates_themselves() -> None:
    boss = owner()
    owner()

    with pytest.raises(Conflict, match="your own account"):
        staff.deactivate(boss.pk, by=boss)

    assert User.objects.get(pk=boss.pk).is_active


def test_they_can_come_back() -> None:
    boss, helper = owner(), member("SUPPORT")
    staff.deactivate(helper.pk, by=boss)

    with pytest.raises(Conflict):
        staff.deactivate(helper.pk, by=boss)
    staff.change(helper.pk, by=boss, status="active")
    staff.change(helper.pk, by=boss, status="active")

    assert User.objects.get(pk=helper.pk).is_active


def test_nothing_to_change_is_said() -> None:
    with pytest.raises(InvalidInput):
        staff.change(member("SUPPORT").pk, by=owner())


def test_a_superuser_has_no_ceiling() -> None:
    root = make.user(is_staff=True, is_superuser=True)
    helper = member("SUPPORT")

    staff.change(helper.pk, by=root, role="OWNER")

    assert staff_roles.role_of(User.objects.get(pk=helper.pk)) == "OWNER"


@pytest.mark.parametrize("before", [(), ("SUPPORT",), ("SUPPORT", "MANAGER")], ids=len)
def test_whatever_they_had_they_have_one_role(before: tuple[str, ...]) -> None:
    helper = make.user(is_staff=True)
    helper.groups.set(Group.objects.filter(name__in=before))

    changed = staff.change(helper.pk, by=owner(), role="ADMIN")

    assert [group.name for group in helper.groups.all()] == ["ADMIN"]
    assert staff_roles.role_of(changed) == "ADMIN"
