"""Members: their roles, their suspension, and how they go."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from orgs.models import Invitation, Membership, Organization
from orgs.roles import Role
from orgs.services import authority, ownership, product_roles, seats
from orgs.services.authority import Authority, ChosenRole
from orgs.services.product_roles import ProductRoles
from platform_core import clock
from platform_core.errors import Conflict, InvalidInput, NotFound
from platform_core.models import new_id
from platform_core.services import audit, mail

if TYPE_CHECKING:
    from identity.models import User


@transaction.atomic
def update(
    member: Membership,
    *,
    by: "User",
    role: str | None = None,
    given: ProductRoles | None = None,
    status: str | None = None,
) -> Membership:
    """Change role, product roles and status: all of what is asked for, or nothing."""
    organization, held, acting = _hold(member, by)
    acting.require_reach(held)
    if role is not None:
        _change_role(held, authority.chosen(organization, role), acting, by=by)
    if status is not None and status != held.status:
        _change_status(held, organization, status, by=by)
    if given is not None:
        product_roles.replace(held, product_roles.check(given), by=by)
    ownership.ensure_owner_remains(organization)
    return held


@transaction.atomic
def remove(member: Membership, *, by: "User") -> None:
    """Take somebody's place away. Invitations that they sent are worth nothing from then on."""
    organization, held, acting = _hold(member, by)
    acting.require_reach(held)
    _end(held, "membership.delete", by=by)
    ownership.ensure_owner_remains(organization)


@transaction.atomic
def leave(organization: Organization, *, by: "User") -> None:
    """Give up one's own place."""
    member = Membership.ALL.filter(organization=organization, user=by).first()
    if member is None:
        raise NotFound("Not found.")
    organization, held, _ = _hold(member, by)
    _end(held, "membership.leave", by=by)
    ownership.ensure_owner_remains(organization)


@transaction.atomic
def transfer(organization: Organization, member_id: UUID, *, by: "User") -> Membership:
    """Make an active member the owner in one's own place, and be an admin from then on. Both are told by mail."""
    organization = ownership.lock(organization)
    mine = _of(organization).filter(user=by, role=Role.OWNER, status=Membership.Status.ACTIVE).first()
    heir = _of(organization).filter(pk=member_id, status=Membership.Status.ACTIVE, user__status="active").first()
    if mine is None:
        raise Conflict("You do not own this organization any more.")
    if heir is None:
        message = "An active member is wanted."
        raise InvalidInput("Choose somebody who belongs to it.", details={"member_id": [message]})
    _refuse_owner(heir)
    for member, role in ((heir, Role.OWNER), (mine, Role.ADMIN)):
        ChosenRole(role).give_to(member)
        member.save(update_fields=["role", "custom_role"])
    changes = {"owner": [str(mine.user_id), str(heir.user_id)]}
    audit.record("organization.transfer", organization, by=by, changes=changes)
    _tell_of_transfer(organization, mine, heir)
    return heir


def refuse_done(organization: Organization, member_id: UUID) -> None:
    """A conflict where this member owns the organization already: what somebody would do by `transfer` is done."""
    _refuse_owner(_of(organization).filter(pk=member_id).first())


def _refuse_owner(member: Membership | None) -> None:
    if member is not None and member.role == Role.OWNER:
        raise Conflict("This person owns the organization already.")


def _hold(member: Membership, by: "User") -> tuple[Organization, Membership, Authority]:
    """Under the organization's lock: it, the place as it is now, and what the acting person may decide."""
    organization = ownership.lock(member.organization)
    held = _of(organization).filter(pk=member.pk).first()
    if held is None:
        raise NotFound("Not found.")
    return organization, held, authority.of(organization, by)


def _of(organization: Organization) -> QuerySet[Membership]:
    present = Membership.ALL.filter(organization=organization).exclude(user__status="deleted")
    return present.select_related("user", "organization", "custom_role")


def _change_role(held: Membership, role: ChosenRole, acting: Authority, *, by: "User") -> None:
    before = held.role_key
    if role.key == before:
        return
    acting.require_all(role.permissions)
    role.give_to(held)
    held.save(update_fields=["role", "custom_role"])
    audit.record("membership.update_role", held, by=by, changes={"role": [before, role.key]})


def _change_status(held: Membership, organization: Organization, status: str, *, by: "User") -> None:
    if status == Membership.Status.ACTIVE:
        seats.require(organization)
    elif held.user_id == by.pk:
        raise Conflict("You cannot suspend yourself: leave, or ask somebody else.")
    changes = {"status": [held.status, status]}
    held.status = status
    held.save(update_fields=["status"])
    audit.record("membership.update_status", held, by=by, changes=changes)


def _end(held: Membership, action: str, *, by: "User") -> None:
    audit.record(action, held, by=by, changes={"role": held.role_key})
    sent = Invitation.objects.pending().filter(organization=held.organization, invited_by=held.user_id)
    sent.update(revoked_at=clock.wall())
    held.delete()


def _tell_of_transfer(organization: Organization, former: Membership, heir: Membership) -> None:
    context = {"organization": organization.name, "former": former.user.name, "heir": heir.user.name}
    once = new_id()
    for member in (former, heir):
        mail.queue(
            "orgs/transferred",
            member.user.email,
            {**context, "name": member.user.name, "is_heir": member is heir},
            key=f"organization.transfer:{once}:{member.pk}",
            organization_id=organization.pk,
        )
