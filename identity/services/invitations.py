"""Inviting people to be staff. Only the digest of a link is kept, and a link works once."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Subquery
from django.urls import reverse

from identity import staff_roles
from identity.models import StaffInvitation, User, normalize_address
from identity.services import accounts, addresses, passwords, staff
from platform_core import clock, scoping, tokens
from platform_core.errors import Conflict, InvalidInput, NotFound
from platform_core.services import audit, mail

NO_MORE = "This invitation was accepted or taken back."
RENEWED = ("token_digest", "sent_at", "expires_at", "invited_by_id")
GONE = "This invitation is not valid any more."
ABOVE = "You cannot invite to a role above your own."


def invite(email: str, role: str, *, by: User) -> StaffInvitation:
    """Mail an address the link by which it becomes staff. One invitation an address; an expired one is replaced."""
    address = normalize_address(email)
    staff.require_rank(role, by, message=ABOVE)
    if User.objects.filter(email=address, is_staff=True).exists():
        raise Conflict("This person is staff already.")
    try:
        with transaction.atomic():
            return _new(address, role, by)
    except IntegrityError:
        return _replace(address, role, by)


def resend(invitation: StaffInvitation, *, by: User) -> StaffInvitation:
    """Send it again under a new link and for a new while; the older link stops working."""
    with transaction.atomic():
        token = tokens.new("inv")
        invitation.token_digest = tokens.digest(token)
        invitation.sent_at = clock.wall()
        invitation.expires_at = invitation.sent_at + _life()
        # Whoever may give the role vouches for it from now on; anybody else only carries it once more.
        if _covers(by, invitation.role):
            invitation.invited_by = by
        renewed = {name: getattr(invitation, name) for name in RENEWED}
        if not StaffInvitation.objects.pending().filter(pk=invitation.pk).update(**renewed):
            raise Conflict(NO_MORE)
        _mail(invitation, token)
        audit.record("staff.resend_invitation", invitation, by=by)
    return invitation


@transaction.atomic
def revoke(invitation: StaffInvitation, *, by: User) -> None:
    """Take it back: its link is worth nothing from now on."""
    invitation = _pending(invitation.pk)
    invitation.revoked_at = clock.wall()
    invitation.save(update_fields=["revoked_at"])
    audit.record("staff.revoke_invitation", invitation, by=by)


def of_token(token: str) -> StaffInvitation:
    """The invitation behind a link; 404 for any that cannot be accepted, whatever the reason."""
    found = (
        StaffInvitation.objects.usable()
        .select_related("invited_by")
        .annotate(
            inviting_role=staff_roles.highest(OuterRef("invited_by")),
            group_id=Subquery(Group.objects.filter(name=OuterRef("role")).values("pk")[:1]),
        )
    )
    invitation = found.filter(token_digest__in=tokens.digests(token)).first()
    if invitation is not None:
        vars(invitation.invited_by)[staff_roles.KNOWN] = vars(invitation)["inviting_role"]
    # An invitation is worth no more than the one who vouches for it is when it is accepted.
    if invitation is None or not _covers(invitation.invited_by, invitation.role):
        raise NotFound(GONE)
    return invitation


def has_account(invitation: StaffInvitation) -> bool:
    """Whether the address has an account with a password, which then is the proof."""
    person = User.objects.filter(email=invitation.email).first()
    return person is not None and person.has_usable_password()


def accept(token: str, password: str, name: str = "") -> User:
    """Become staff. Whoever has an account proves it is theirs by its password; everybody else chooses one."""
    invitation = of_token(token)
    known = addresses.with_own(passwords.holders().filter(email=invitation.email))
    held = known.password if known else ""
    person = _recognized(known, password) if known else _newcomer(invitation.email, password, name)
    with transaction.atomic(), scoping.system(), audit.together():
        _claim(invitation, person)
        if known is None:
            person.is_staff = person.is_employee = True
            accounts.insert(person, confirmed=True)
        else:
            _become_staff(person, held)
        staff.put_in(person, invitation.role, vars(invitation)["group_id"])
        changes = {"role": invitation.role, "invited_by": invitation.invited_by_id}
        audit.record("staff.accept_invitation", person, by=person, changes=changes)
    return person


def _life() -> timedelta:
    return timedelta(hours=settings.STAFF_INVITATION_HOURS)


def _replace(address: str, role: str, by: User) -> StaffInvitation:
    """One that can be accepted still stands in the way of another; one that is too old does not."""
    try:
        with transaction.atomic():
            pending = StaffInvitation.objects.pending().filter(email=address)
            pending.exclude(pk__in=StaffInvitation.objects.usable().values("pk")).update(revoked_at=clock.wall())
            return _new(address, role, by)
    except IntegrityError as error:
        raise Conflict("This address has been invited. Send that invitation again, or take it back.") from error


def _new(address: str, role: str, by: User) -> StaffInvitation:
    now, token = clock.wall(), tokens.new("inv")
    invitation = StaffInvitation.objects.create(
        email=address,
        role=role,
        token_digest=tokens.digest(token),
        sent_at=now,
        expires_at=now + _life(),
        invited_by=by,
    )
    _mail(invitation, token)
    audit.record("staff.invite", invitation, by=by, changes={"email": address, "role": role})
    return invitation


def _mail(invitation: StaffInvitation, token: str) -> None:
    context = {
        "inviter": invitation.invited_by.name,
        "role": invitation.get_role_display(),
        "url": settings.BASE_URL + reverse("portal:staff-invitation", args=[token]),
        "hours": settings.STAFF_INVITATION_HOURS,
    }
    key = f"staff.invitation:{invitation.pk}:{invitation.sent_at.isoformat()}"
    mail.queue("identity/staff_invitation", invitation.email, context, key=key)


def _pending(pk: UUID) -> StaffInvitation:
    found = StaffInvitation.objects.pending().select_for_update(of=("self",)).select_related("invited_by")
    invitation = found.filter(pk=pk).first()
    if invitation is None:
        raise Conflict(NO_MORE)
    return invitation


def _covers(person: User, role: str) -> bool:
    return person.is_superuser or not staff_roles.is_above(role, staff_roles.role_of(person))


def _claim(invitation: StaffInvitation, person: User) -> None:
    """Accept it once, and never after it was taken back: of all who try at once, one changes the row."""
    # A condition over a join is read once: of statements that wait for one another, only the row's own columns are
    # looked at anew.
    usable = StaffInvitation.objects.usable().filter(pk=invitation.pk).values("pk")
    same = StaffInvitation.objects.pending().filter(pk__in=usable, token_digest=invitation.token_digest)
    if not same.update(accepted_at=clock.wall(), accepted_by=person):
        raise NotFound(GONE)


def _recognized(person: User, password: str) -> User:
    """The holder of an account: a member of staff already is refused, so that no invitation lowers a role."""
    if person.is_staff:
        raise Conflict("You are staff already.")
    if not person.is_active:
        raise NotFound(GONE)
    if not person.has_usable_password():
        passwords.check_strength(password, person)
        # Hashing is slow on purpose, so it is done before the locks are taken.
        person.set_password(password)
    elif not person.check_password(password):
        raise InvalidInput("This is not your password.", details={"password": ["Not the password of your account."]})
    return person


def _newcomer(email: str, password: str, name: str) -> User:
    if not name.strip():
        raise InvalidInput("Say your name.", details={"name": ["This field is required."]})
    person = accounts.unsaved(email, name)
    passwords.check_strength(password, person)
    person.set_password(password)
    return person


def _become_staff(person: User, held: str) -> None:
    """An account becomes staff once, and confirms its address by that; one without a password gets what was chosen.

    `held` is the password that it had when it was looked at.
    """
    customers = User.objects.filter(pk=person.pk, is_staff=False, password=held)
    staff_now = {"is_staff": True, "is_employee": True}
    is_new = person.password != held
    became = passwords.store_first(person, customers, **staff_now) if is_new else customers.update(**staff_now)
    if not became:
        raise Conflict("You are staff already.")
    person.is_staff = person.is_employee = True
    addresses.confirm_own(person)
