"""Who is staff, and in which role. Nobody acts above their own role, and the last owner stays."""

from uuid import UUID

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from identity import staff_roles
from identity.models import Passkey, TotpDevice, User
from identity.services import accounts, owners
from platform_core import returning
from platform_core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from platform_core.services import audit

NOT_ACTIVE = "This person is not active."
# What is told of somebody who is kept out.
NEEDED = ("id", "email", "is_staff", "status")


def members() -> QuerySet[User]:
    """Everybody who is staff, the deactivated too, with their roles, and whether they have a second factor."""
    apps = TotpDevice.objects.filter(user=OuterRef("pk"), confirmed_at__isnull=False)
    protected = Exists(apps) | Exists(Passkey.objects.filter(user=OuterRef("pk")))
    found = User.objects.filter(is_staff=True).annotate(two_factor_enabled=protected)
    return found.prefetch_related("groups").order_by("email")


@transaction.atomic
def change(member: User, *, by: User, role: str | None = None, status: str | None = None) -> User:
    """Change a member's role, or whether they may sign in. Nothing to change is an error: something was meant."""
    if role is None and status is None:
        raise InvalidInput("Say what to change.", details={"role": ["Or status."]})
    member = _locked(member)
    staff_roles.load(member, by)
    _require_reach(member, by)
    if role is not None and role != staff_roles.role_of(member):
        _change_role(member, role, by=by)
    if status is not None and status != member.status:
        _change_status(member, status, by=by)
    return member


@transaction.atomic
def deactivate(member_id: UUID, *, by: User) -> None:
    """Keep a member of staff out. Their role is kept for the day they come back."""
    if member_id == by.pk:
        raise Conflict("You cannot suspend your own account.")
    # Changed first: from here on their row is held, and what is read of it and of their role stays true.
    active = User.objects.filter(pk=member_id, is_staff=True, status=User.Status.ACTIVE)
    changes = {"security_version": F("security_version") + 1, "status": User.Status.SUSPENDED}
    found = returning.update(active, *NEEDED, **changes)
    if not found:
        raise _not_active(member_id, by)
    member = User(**dict(zip(NEEDED, found[0], strict=True)))
    staff_roles.hold(member, by)
    _require_reach(member, by)
    accounts.require_reach(member, by)
    if staff_roles.role_of(member) == staff_roles.OWNER:
        owners.require_another(member)
    accounts.keep_out(member, by=by)


def give_role(user: User, role: str) -> None:
    """Make a person staff in exactly one role."""
    user.is_staff = user.is_employee = True
    user.save(update_fields=["is_staff", "is_employee"])
    user.groups.set([Group.objects.get(name=role)])


def require_rank(role: str, by: User, *, message: str) -> None:
    """Refuse a role above the acting person's own."""
    if not by.is_superuser and staff_roles.is_above(role, staff_roles.role_of(by)):
        raise NotAllowed(message)


def _locked(member: User) -> User:
    # The deactivated and the active alike; a customer is no member of staff.
    return User.objects.select_for_update().get(pk=member.pk, is_staff=True)


def _not_active(member_id: UUID, by: User) -> Exception:
    member = User.objects.filter(pk=member_id, is_staff=True).first()
    if member is None:
        return NotFound("Not found.")
    _require_reach(member, by)
    return Conflict(NOT_ACTIVE)


def _require_reach(member: User, by: User) -> None:
    require_rank(staff_roles.role_of(member), by, message="This person's role is above yours.")


def _change_role(member: User, role: str, *, by: User) -> None:
    require_rank(role, by, message="You cannot give a role above your own.")
    before = staff_roles.role_of(member)
    if before == staff_roles.OWNER:
        owners.ensure_owner_remains(member)
    member.groups.set([Group.objects.get(name=role)])
    audit.record("staff.change_role", member, by=by, changes={"role": [before, role]})


def _change_status(member: User, status: str, *, by: User) -> None:
    if status == User.Status.ACTIVE:
        accounts.reactivate(member, by=by)
        return
    accounts.suspend(member, by=by)
