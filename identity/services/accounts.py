"""Opening, suspending and reactivating accounts."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Q, QuerySet

from identity import staff_roles
from identity.models import Session, User, normalize_address, split_name
from identity.services import addresses, owners, passwords, sessions, telemetry
from orgs.services import ownership
from orgs.services.organizations import create_organization
from platform_core import scoping
from platform_core.errors import Conflict, NotAllowed, NotFound, StepUpRequired
from platform_core.services import audit

NOTHING: Mapping[str, Any] = MappingProxyType({})
# Whether a colleague may sign in is a question of who is staff.
COLLEAGUES = "staff.change_role"
# Where a person keeps whether that was proved just now, if it came with them.
PROVED = "is_proved"


class AddressTaken(Conflict):
    """Somebody has an account under this address."""


def register(email: str, password: str, name: str, *, company: str = "") -> None:
    """Sign up. Whether the address was known shows only in the mail that goes to it."""
    try:
        open_account(email, password, name, company=company)
    except AddressTaken:
        addresses.tell_taken(normalize_address(email))


def open_account(email: str, password: str, name: str, *, company: str = "", confirmed: bool = False) -> User:
    """A new person with an organization of their own, who must still confirm their address unless that is done."""
    person = unsaved(email, name)
    passwords.check_strength(password, person)
    # Hashing is slow on purpose, so it is done before the transaction begins.
    person.set_password(password)
    with transaction.atomic(), scoping.system(), audit.together():
        address = insert(person, confirmed=confirmed)
        organization = create_organization(company or person.name, owner=person, by=person)
        if not confirmed:
            addresses.send_confirmation(address)
        audit.record("user.register", person, by=person)
        telemetry.record("account.registered", person, organization_id=organization.pk)
    return person


def guest_account(email: str, *, name: str = "") -> User:
    """A person who bought without an account: one mail lets them set a password. They own no organization yet."""
    person = unsaved(email, name)
    person.set_unusable_password()
    if EmailAddress.objects.filter(email=person.email, verified=True).exists():
        # Whose it is by proof, not only by what they sign in with: a purchase is not given away.
        raise AddressTaken("There is an account with this address.")
    with transaction.atomic(), scoping.system():
        insert(person)
        passwords.send_link(person)
        audit.record("user.invite_guest", person, by=None)
    return person


def create_account(email: str, name: str, *, by: User, company: str = "", is_employee: bool = False) -> User:
    """An account that staff open for somebody: one mail lets that person set a password."""
    person = unsaved(email, name)
    person.is_employee = is_employee
    person.set_unusable_password()
    with transaction.atomic(), scoping.system(), audit.together():
        store(person)
        create_organization(company or person.name, owner=person, by=by)
        passwords.send_link(person, template="identity/account_opened")
        audit.record("user.create", person, by=by, changes={"is_employee": is_employee})
    return person


@transaction.atomic
def set_employee(user: User, *, is_employee: bool, by: User) -> None:
    """Say whether a person works for us; only staff can. The same again is no change."""
    require_reach(user, by)
    if user.is_employee != is_employee:
        user.is_employee = is_employee
        write(user, is_employee=is_employee)
        audit.record("user.set_employee", user, by=by, changes={"is_employee": is_employee})


def require_reach(user: User, by: User) -> None:
    """Staff are changed only by those who decide about staff, and never by somebody of a lower role."""
    if not reaches(by, user):
        raise NotAllowed("This person is staff: ask somebody who decides about staff.")


def reaches(by: User, user: User) -> bool:
    """The same as a question."""
    if user.pk == by.pk or not user.is_staff or by.is_superuser:
        return True
    staff_roles.load(user, by)
    is_above = staff_roles.is_above(staff_roles.role_of(user), staff_roles.role_of(by))
    return by.has_perm("identity.manage_staff") and not is_above


def require_proof(user: User, session: Session) -> None:
    """Whether a colleague may sign in is decided by whoever proved just now, for that, that it is still they."""
    if not user.is_staff:
        return
    known = vars(user).get(PROVED)
    is_proved = session.has_stepped_up(COLLEAGUES) if known is None else known and session.impersonator_id is None
    if not is_proved:
        raise StepUpRequired(COLLEAGUES)


def write(user: User, **columns: Any) -> None:
    """Keep these columns of a person. Of whoever was erased, also a moment ago, nothing is written any more: 404."""
    if not User.objects.filter(pk=user.pk).exclude(status=User.Status.DELETED).update(**columns):
        raise NotFound("Not found.")


def unsaved(email: str, name: str) -> User:
    """A person as they will be stored."""
    first_name, last_name = split_name(name)
    return User(email=normalize_address(email), first_name=first_name, last_name=last_name)


def store(person: User) -> None:
    """Store a person; AddressTaken where the address is somebody else's. Its own row comes with its confirmation."""
    try:
        # Whoever confirmed an address signs in with it: the people's own index knows them all.
        with transaction.atomic():
            person.save(force_insert=True)
    except IntegrityError as error:
        raise AddressTaken("There is an account with this address.") from error


def insert(person: User, *, confirmed: bool = False) -> EmailAddress:
    """Store a person and their address; AddressTaken where either is somebody else's."""
    store(person)
    return EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=confirmed)


@transaction.atomic
def suspend(user: User, *, by: User) -> None:
    """Keep a person out: every sign-in ends now. Nobody can do this to themselves."""
    ownership.hold_owned(user.pk)
    suspend_held(user, by=by)


def suspend_held(user: User, *, by: User, **changes: Any) -> None:
    """The same, where what the person owns is held already. `changes` are of their row."""
    refuse_own(user.pk, by)
    require_reach(user, by)
    is_owner = staff_roles.role_of(user) == staff_roles.OWNER and owners.hold(user)
    # Whoever becomes staff at this moment, or ceases to be, is no longer the person that was looked at.
    rows = User.objects.filter(pk=user.pk, is_staff=user.is_staff)
    if user.is_staff and not is_owner:
        rows = rows.exclude(groups__name=staff_roles.OWNER)
    if not keep_out(user, rows, is_owner=is_owner, by=by, changes=changes):
        raise Conflict("Only active accounts can become suspended.")


def refuse_own(user_id: UUID, by: User) -> None:
    """Nobody suspends themselves."""
    if user_id == by.pk:
        raise Conflict("You cannot suspend your own account.")


def keep_out(
    user: User, rows: QuerySet[User], *told: str, is_owner: bool, by: User, changes: Mapping[str, Any] = NOTHING
) -> bool:
    """Suspend a person, if they are active and among these rows: signed in nowhere, acting as nobody, stranding nobody.

    What they own, and as an owner of the platform their place, is held already. `told` are columns to be read,
    `changes` are written with it.
    """
    person = OuterRef("pk")
    active = rows.filter(status=User.Status.ACTIVE).annotate(
        strands=ownership.strands(person), others=owners.others(person)
    )
    with scoping.system():
        found = sessions.outdate(user, active, "strands", "others", *told, status=User.Status.SUSPENDED, **changes)
    if not found:
        return False
    _, strands, others, *values = found
    for name, value in zip(("status", *told), (User.Status.SUSPENDED, *values), strict=True):
        setattr(user, name, value)
    if strands:
        ownership.refuse_to_strand(user)
    if is_owner and not others:
        raise owners.LastOwner(owners.LAST)
    Session.objects.filter(Q(user=user) | Q(impersonator=user)).end("suspended")
    audit.record("user.suspend", user, by=by)
    return True


@transaction.atomic
def reactivate(user: User, *, by: User, **changes: Any) -> None:
    """Let a suspended person sign in again; the sign-ins from before stay ended. `changes` are of their row."""
    require_reach(user, by)
    suspended = User.objects.filter(pk=user.pk, status=User.Status.SUSPENDED)
    if not suspended.update(status=User.Status.ACTIVE, **changes):
        raise Conflict("Only suspended accounts can become active.")
    user.status = User.Status.ACTIVE
    audit.record("user.reactivate", user, by=by)
