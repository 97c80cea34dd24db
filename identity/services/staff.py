"""Who is staff, and in which role. Nobody acts above their own role, and the last owner stays."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from identity import staff_roles
from identity.models import Passkey, TotpDevice, User
from identity.services import accounts, owners
from orgs.services import ownership
from platform_core import returning
from platform_core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from platform_core.services import audit

NOT_ACTIVE = "This person is not active."
# What is told of a member with the change.
TOLD = ("email", "first_name", "last_name", "status", "last_login", "created_at", "two_factor_enabled", "group_id")
# Under this name a member bears the role that they are to be given.
WANTED = "wanted_role"


def members() -> QuerySet[User]:
    """Everybody who is staff, the deactivated too, with their roles, and whether they have a second factor."""
    apps = TotpDevice.objects.filter(user=OuterRef("pk"), confirmed_at__isnull=False)
    protected = Exists(apps) | Exists(Passkey.objects.filter(user=OuterRef("pk")))
    found = User.objects.filter(is_staff=True).annotate(two_factor_enabled=protected)
    return found.prefetch_related("groups").order_by("email")


@transaction.atomic
def change(member_id: UUID, *, by: User, role: str | None = None, status: str | None = None) -> User:
    """Change a member's role, or whether they may sign in. Nothing to change is an error: something was meant."""
    if status == User.Status.SUSPENDED:
        accounts.refuse_own(member_id, by)
        ownership.hold_owned(member_id)
    with audit.together():
        member = _held(member_id, by, wanted=role or "")
        if not _change_status(member, status, by=by):
            _read(member)
        # Only now: whom there is not, nothing is said of.
        if role is None and status is None:
            raise InvalidInput("Say what to change.", details={"role": ["Or status."]})
        if role is not None and role != staff_roles.role_of(member):
            _change_role(member, role, by=by)
    return member


@transaction.atomic
def deactivate(member_id: UUID, *, by: User) -> None:
    """Keep a member of staff out. Their role is kept for the day they come back."""
    accounts.refuse_own(member_id, by)
    ownership.hold_owned(member_id)
    if not _suspend(_held(member_id, by), by=by):
        raise _not_active(member_id, by)


def put_in(user: User, role: str, group_id: int) -> None:
    """Put somebody, whose row is held, in exactly one role, whichever groups they were in."""
    if not staff_roles.give_first(user, group_id):
        _replace(user, group_id)
    vars(user)[staff_roles.KNOWN] = role


def _replace(user: User, group_id: int) -> None:
    places = User.groups.through
    others, _ = places.objects.filter(user=user).exclude(group_id=group_id).delete()
    # Where all of them were others, the wanted one is not there.
    if others == vars(user).get(staff_roles.GROUPS, others):
        places.objects.bulk_create([places(user=user, group_id=group_id)], ignore_conflicts=True)


def require_rank(role: str, by: User, *, message: str) -> None:
    """Refuse a role above the acting person's own."""
    if not by.is_superuser and staff_roles.is_above(role, staff_roles.role_of(by)):
        raise NotAllowed(message)


def _held(member_id: UUID, by: User, *, wanted: str = "") -> User:
    """A member, not read yet, with their role: while it is held, nobody else takes an owner away.

    The group of the `wanted` role will be read with them.
    """
    member = User(pk=member_id, is_staff=True)
    staff_roles.hold(member, by)
    vars(member)[WANTED] = wanted
    _require_reach(member, by)
    return member


def _rows(member: User) -> QuerySet[User]:
    # The deactivated and the active alike; a customer is no member of staff.
    group = Subquery(Group.objects.filter(name=vars(member)[WANTED]).values("pk")[:1])
    return members().filter(pk=member.pk).order_by().annotate(group_id=group)


def _read(member: User) -> None:
    """What is told of a member, whose row is held from here on."""
    found = returning.update(_rows(member), *TOLD, is_staff=True)
    if not found:
        raise NotFound("Not found.")
    _set(member, found[0])


def _set(member: User, values: Iterable[Any]) -> None:
    for name, value in zip(TOLD, values, strict=True):
        setattr(member, name, value)


def _suspend(member: User, *, by: User) -> bool:
    is_owner = staff_roles.role_of(member) == staff_roles.OWNER
    return accounts.keep_out(member, _rows(member), *TOLD, is_owner=is_owner, by=by)


def _not_active(member_id: UUID, by: User) -> Exception:
    member = User.objects.filter(pk=member_id, is_staff=True).first()
    if member is None:
        return NotFound("Not found.")
    _require_reach(member, by)
    return Conflict(NOT_ACTIVE)


def _require_reach(member: User, by: User) -> None:
    require_rank(staff_roles.role_of(member), by, message="This person's role is above yours.")


def _change_status(member: User, status: str | None, *, by: User) -> bool:
    """Whether it was another; then the member was read with it."""
    if status is None:
        return False
    accounts.require_reach(member, by)
    if status == User.Status.SUSPENDED:
        return _suspend(member, by=by)
    found = returning.update(_rows(member).filter(status=User.Status.SUSPENDED), *TOLD, status=status)
    if not found:
        return False
    _set(member, found[0])
    audit.record("user.reactivate", member, by=by)
    return True


def _change_role(member: User, role: str, *, by: User) -> None:
    require_rank(role, by, message="You cannot give a role above your own.")
    before = staff_roles.role_of(member)
    if before == staff_roles.OWNER and member.is_active:
        owners.require_another(member)
    _give(member, role)
    audit.record("staff.change_role", member, by=by, changes={"role": [before, role]})


def _give(member: User, role: str) -> None:
    """Exactly this role, in the place of the one they have."""
    group = Group.objects.filter(name=role).values("pk")
    count, group_id = vars(member)[staff_roles.GROUPS], vars(member)["group_id"]
    if count == 1:
        User.groups.through.objects.filter(user=member).update(group=group)
    elif count == 0:
        put_in(member, role, group_id)
    else:
        _replace(member, group_id)
    vars(member)[staff_roles.KNOWN] = role
