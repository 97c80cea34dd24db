"""Staff who take away the second factor of somebody who lost it, so that they can sign in and set up another."""

from django.db import transaction

from identity import staff_roles
from identity.models import User
from identity.services import code_attempts, reasons, security_notices, sessions, two_factor
from platform_core import scoping
from platform_core.errors import Conflict, DomainError, NotAllowed
from platform_core.services import audit

PERMISSION = "identity.reset_two_factor"


def reset(person: User, *, by: User, reason: str) -> None:
    """App, passkeys and recovery codes are forgotten and every sign-in ends. Nobody does this to themselves."""
    _require_right(person, by)
    reason = reasons.stated(reason)
    with transaction.atomic(), scoping.system():
        person = User.objects.select_for_update().get(pk=person.pk)
        if not two_factor.is_enabled(person):
            raise Conflict("This person has no second factor.")
        two_factor.forget_apps(person)
        person.passkeys.all().delete()
        sessions.end_all(person, "two_factor", recovery_digests=[], **code_attempts.FORGIVEN)
        person.impersonations.end("two_factor")
        audit.record("two_factor.reset", person, by=by, changes={"reason": reason})
        security_notices.tell(person, "reset_by_staff", reason=reason)


def may_reset(person: User, by: User) -> bool:
    """Whether it is theirs to do, should the person have a second factor."""
    try:
        _require_right(person, by)
    except DomainError:
        return False
    return True


def _require_right(person: User, by: User) -> None:
    if person.pk == by.pk:
        raise Conflict("You cannot reset your own second factor.")
    if not by.is_staff or not by.has_perm(PERMISSION):
        raise NotAllowed("Your role may not reset a second factor.")
    if not _reaches(person, by):
        raise NotAllowed("This person's role is not below yours: ask an owner.")


def _reaches(person: User, by: User) -> bool:
    """Customers are in everybody's reach; of colleagues those who stand lower, and for owners all of them."""
    if by.is_superuser:
        return True
    if person.is_superuser:
        return False
    role = staff_roles.role_of(by)
    return not person.is_staff or role == staff_roles.OWNER or staff_roles.is_above(role, staff_roles.role_of(person))
