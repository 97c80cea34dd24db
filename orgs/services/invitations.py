"""Inviting people. Only the digest of a link is kept; a link works once, for the address that it was mailed to."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse

from orgs import roles
from orgs.models import Invitation, Membership, Organization
from orgs.roles import Role
from orgs.services import authority, invitation_stops, ownership, product_roles, seats
from orgs.services.product_roles import ProductRoles
from platform_core import clock, ratelimit, scoping, tokens
from platform_core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from platform_core.ratelimit import Limit
from platform_core.services import audit, mail

if TYPE_CHECKING:
    from identity.models import User

GONE = "This invitation is not valid any more."
LONGEST_LIST = 100
LONGEST_ADDRESS = 254
# Nobody who means well invites more than a list of people in a minute.
IN_A_MINUTE = Limit("invitations-in-a-minute", LONGEST_LIST, 60)
BY_ORGANIZATION = Limit("invitations", 500, 3600)
TO_ADDRESS = Limit("invitations-to-address", 10, 86400)
COLUMNS = ("email", "role")


@dataclass(frozen=True)
class Wanted:
    """Whom to invite, and as what."""

    email: str
    role: str = Role.MEMBER.value
    product_roles: ProductRoles = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The one form in which an address is compared."""
        return self.email.strip().lower()


def add(organization: Organization, wanted: Wanted, *, by: "User") -> Membership | Invitation:
    """Invite somebody; whoever was suspended is active again at once. Nobody else joins without saying yes."""
    _spend(organization, [wanted])
    with transaction.atomic():
        organization, acting = _begin(organization, by)
        suspended = _member(organization, wanted.address)
        if suspended is None or suspended.status == Membership.Status.ACTIVE:
            return _invite(organization, wanted, acting, by=by)
        acting.require_reach(suspended)
        seats.require(organization)
        suspended.status = Membership.Status.ACTIVE
        suspended.save(update_fields=["status"])
        changes = {"status": [Membership.Status.SUSPENDED, Membership.Status.ACTIVE]}
        audit.record("membership.update_status", suspended, by=by, changes=changes)
        return suspended


def add_many(organization: Organization, text: str, *, by: "User") -> list[Invitation]:
    """Invite everybody on a list in CSV, with the columns email and role: all of them, or nobody."""
    everybody = _read(text)
    _spend(organization, everybody)
    made, refused = [], []
    with transaction.atomic():
        organization, acting = _begin(organization, by)
        for line, wanted in enumerate(everybody, start=2):
            try:
                made.append(_invite(organization, wanted, acting, by=by))
            except (Conflict, InvalidInput) as error:
                reasons = [reason for told in error.details.values() for reason in told] or [error.message]
                refused += [f"Line {line}, {wanted.email}: {reason}" for reason in reasons]
        if refused:
            raise InvalidInput("Nobody was invited: mend these lines first.", details={"csv": refused})
    return made


def resend(invitation: Invitation, *, by: "User") -> Invitation:
    """Send it again under a new link and for a new while; the older link stops working."""
    _spend(invitation.organization, [Wanted(invitation.email)])
    with transaction.atomic():
        organization, acting = _begin(invitation.organization, by)
        held = _pending(organization, invitation)
        acting.require_all(held.permissions)
        if not clock.wall() < held.expires_at:
            seats.require(organization)
        token = tokens.new("join")
        held.token_digest, held.invited_by = tokens.digest(token), by
        held.sent_at = clock.wall()
        held.expires_at = held.sent_at + _life()
        held.save(update_fields=["token_digest", "sent_at", "expires_at", "invited_by"])
        _mail(held, token)
        audit.record("invitation.resend", held, by=by)
    return held


@transaction.atomic
def revoke(invitation: Invitation, *, by: "User") -> None:
    """Take it back: its link is worth nothing from now on."""
    organization, _ = _begin(invitation.organization, by)
    held = _pending(organization, invitation)
    held.revoked_at = clock.wall()
    held.save(update_fields=["revoked_at"])
    audit.record("invitation.revoke", held, by=by)


def of_token(token: str) -> Invitation:
    """The invitation behind a link; 404 for any that cannot be accepted, whatever the reason."""
    with scoping.system():
        found = Invitation.objects.usable().select_related("organization", "invited_by", "custom_role")
        invitation = found.filter(token_digest__in=tokens.digests(token)).first()
        # An invitation is worth no more than what the one who sent it may give when it is accepted.
        if invitation is None or not _is_covered(invitation):
            raise NotFound(GONE)
    return invitation


def accept(token: str, user: "User") -> Membership:
    """Join, as the person whom the link was mailed to."""
    invitation = of_token(token)
    if user.email != invitation.email:
        raise NotAllowed("This invitation went to another address. Sign in with that one.", code="INVITATION_ADDRESS")
    with transaction.atomic(), scoping.system():
        organization = ownership.lock(invitation.organization)
        usable = Invitation.objects.usable().select_related("custom_role")
        # Of two who come at once with the same link, the later finds it used.
        held = usable.filter(pk=invitation.pk, token_digest=invitation.token_digest).first()
        if held is None:
            raise NotFound(GONE)
        if _member(organization, user.email) is not None:
            raise Conflict("You belong to this organization already.")
        seats.require(organization, besides=seats.active(organization))
        return _join(organization, held, user)


def _join(organization: Organization, held: Invitation, user: "User") -> Membership:
    member = Membership.objects.create(
        organization=organization, user=user, role=held.role, custom_role=held.custom_role
    )
    product_roles.begin_with(member, held.product_roles, organization)
    held.accepted_at, held.accepted_by = clock.wall(), user
    held.save(update_fields=["accepted_at", "accepted_by"])
    changes = {"role": member.role_key, "invited_by": held.invited_by_id}
    product = product_roles.concerned({}, held.product_roles)
    audit.record("invitation.accept", member, by=user, changes=changes, product=product)
    return member


def _begin(organization: Organization, by: "User") -> tuple[Organization, authority.Authority]:
    held = ownership.lock(organization)
    acting = authority.of(held, by)
    acting.require(roles.MEMBER_INVITE)
    return held, acting


def _spend(organization: Organization, everybody: Sequence[Wanted]) -> None:
    """Counted before anything is locked: mail to strangers is what an organization could be misused for."""
    for wanted in everybody:
        for limit in (IN_A_MINUTE, BY_ORGANIZATION):
            ratelimit.require(limit, f"organization:{organization.pk}")
        ratelimit.require(TO_ADDRESS, f"address:{wanted.address}")


def _read(text: str) -> list[Wanted]:
    """The rows of a list; a line that is no invitation is named."""
    rows = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), restkey="more", restval="")
    names = [name.strip().lower() for name in rows.fieldnames or []]
    if "email" not in names or not set(names) <= set(COLUMNS):
        raise _bad_list("The first line names the columns: email and, if you like, role.")
    rows.fieldnames = names
    try:
        found = [row for row in rows if any(row.values())]
    except csv.Error as error:
        raise _bad_list(f"This is no CSV: {error}.") from error
    if not 1 <= len(found) <= LONGEST_LIST:
        raise _bad_list(f"From 1 to {LONGEST_LIST} people at once.")
    wanted = [Wanted(row["email"].strip(), (row.get("role") or "").strip() or Role.MEMBER.value) for row in found]
    bad = [
        f"Line {line}: {each.email or 'nothing'} is no address." for line, each in enumerate(wanted, 2) if _bad(each)
    ]
    bad += [f"Line {line}: too many columns." for line, row in enumerate(found, 2) if "more" in row]
    if bad:
        raise _bad_list(*bad)
    return wanted


def _bad(wanted: Wanted) -> bool:
    try:
        validate_email(wanted.email)
    except ValidationError:
        return True
    return len(wanted.email) > LONGEST_ADDRESS


def _bad_list(*reasons: str) -> InvalidInput:
    return InvalidInput("This list cannot be read.", details={"csv": list(reasons)})


def _invite(organization: Organization, wanted: Wanted, acting: authority.Authority, *, by: "User") -> Invitation:
    role = authority.chosen(organization, wanted.role)
    if role.role == Role.OWNER:
        message = "Nobody is invited as owner: an owner makes one of a member."
        raise InvalidInput(message, details={"role": [message]})
    acting.require_all(role.permissions)
    if _member(organization, wanted.address) is not None:
        raise Conflict("This person belongs to the organization already.")
    if invitation_stops.is_stopped(organization, wanted.address):
        raise Conflict("This address wants no invitations of yours. Its reader can allow them again.")
    _make_room(organization, wanted.address)
    seats.require(organization)
    token = tokens.new("join")
    invitation = Invitation(
        organization=organization,
        email=wanted.address,
        product_roles=dict(product_roles.check(wanted.product_roles)),
        token_digest=tokens.digest(token),
        expires_at=clock.wall() + _life(),
        invited_by=by,
    )
    role.give_to(invitation)
    invitation.save()
    _mail(invitation, token)
    product = product_roles.concerned({}, invitation.product_roles)
    changes = {"email": wanted.address, "role": role.key}
    audit.record("invitation.create", invitation, by=by, changes=changes, product=product)
    return invitation


def _make_room(organization: Organization, address: str) -> None:
    """One invitation an address: one that has run out, or that its sender could not send now, makes room."""
    pending = Invitation.objects.pending().filter(organization=organization, email=address)
    for invitation in pending.select_related("custom_role", "invited_by", "organization"):
        if clock.wall() < invitation.expires_at and _is_covered(invitation):
            raise Conflict("This address has been invited. Send that invitation again, or take it back.")
        invitation.revoked_at = clock.wall()
        invitation.save(update_fields=["revoked_at"])


def _is_covered(invitation: Invitation) -> bool:
    """Whether whoever sent it could send it now."""
    if not invitation.invited_by.is_active:
        return False
    try:
        acting = authority.of(invitation.organization, invitation.invited_by)
    except NotFound:
        return False
    return acting.permissions.issuperset(invitation.permissions | {roles.MEMBER_INVITE})


def _member(organization: Organization, address: str) -> Membership | None:
    members = Membership.ALL.filter(organization=organization, user__email=address)
    return members.select_related("user", "organization", "custom_role").first()


def _pending(organization: Organization, invitation: Invitation) -> Invitation:
    found = Invitation.objects.pending().filter(organization=organization, pk=invitation.pk)
    held = found.select_related("organization", "custom_role", "invited_by").first()
    if held is None:
        raise Conflict("This invitation was accepted or taken back.")
    return held


def _life() -> timedelta:
    return timedelta(hours=settings.INVITATION_HOURS)


def _mail(invitation: Invitation, token: str) -> None:
    stop_url = invitation_stops.link(invitation)
    context: dict[str, Any] = {
        "stop_url": stop_url,
        "inviter": invitation.invited_by.name,
        "organization": invitation.organization.name,
        "role": invitation.role_name,
        "url": settings.BASE_URL + reverse("portal:invitation", args=[token]),
        "days": max(1, settings.INVITATION_HOURS // 24),
    }
    key = f"invitation:{invitation.pk}:{invitation.sent_at.isoformat()}"
    mail.queue(
        "orgs/invitation",
        invitation.email,
        context,
        key=key,
        organization_id=invitation.organization_id,
        unsubscribe_url=stop_url,
    )
