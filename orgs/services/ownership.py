"""Every organization keeps an owner who can act: whoever would take the last one away is refused here."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from orgs.models import Invitation, Membership, Organization
from orgs.roles import Role
from platform_core import scoping
from platform_core.errors import Conflict, NotFound
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import User


class LastOwner(Conflict):
    """Without this person nobody could decide anything in the organization."""

    code = "LAST_OWNER"


# In the same organization as the place that a statement is about.
_HERE = Q(organization=OuterRef("organization"))


def lock(organization: Organization) -> Organization:
    """The organization as it is now, held until the transaction ends.

    Whoever changes who belongs to it, and as what, queues here first: of two at once the later sees what the earlier
    did.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("The lock must last until the change is made.")
    held = Organization.objects.select_for_update().exclude(status=Organization.Status.DELETED)
    found = held.filter(pk=organization.pk).first()
    if found is None:
        raise NotFound("Not found.")
    return found


def ensure_owner_remains(organization: Organization) -> None:
    """Refuse what was just done if nobody is left who owns the organization and can sign in.

    Call it under `lock`, after the change and in its transaction, which the refusal then undoes.
    """
    if not _owners().filter(organization=organization).exists():
        raise LastOwner("The organization needs an owner: make somebody else one first.")


def hold_owned(user_id: UUID) -> None:
    """Hold what a person owns: whoever changes who owns it waits until this transaction ends."""
    with scoping.system():
        list(_owned(user_id).select_for_update().values_list("pk"))


def owns_alone(person: Any) -> Exists:
    """Whether somebody is the only owner of an organization who can sign in, as a condition on their row."""
    return Exists(_places_alone(person))


def strands(person: Any) -> Exists:
    """The same of an organization to which somebody else belongs."""
    return Exists(_places_alone(person).filter(Exists(Membership.ALL.filter(_HERE).exclude(user=OuterRef("user")))))


def owned_alone(user: "User") -> list[Organization]:
    """The organizations of which a person is the only owner who can sign in."""
    with scoping.system():
        found = list(_owned(user.pk))
    others = _owners().filter(organization__in=found).exclude(user=user)
    shared = set(others.values_list("organization_id", flat=True))
    return [organization for organization in found if organization.pk not in shared]


def with_others(organizations: Iterable[Organization], user: "User") -> list[Organization]:
    """Those of them to which somebody else belongs."""
    found = list(organizations)
    others = Membership.ALL.filter(organization__in=found).exclude(user=user)
    shared = set(others.values_list("organization_id", flat=True))
    return [organization for organization in found if organization.pk in shared]


def refuse_sole_owner(user: "User") -> None:
    """A conflict that names each organization which this person, whose own are held, would leave without an owner."""
    _refuse(owned_alone(user))


def refuse_to_strand(user: "User") -> None:
    """The same, where other people belong to it: a person who is alone in an organization keeps nobody waiting."""
    _refuse(with_others(owned_alone(user), user))


def leave_all(user: "User", address: str, *, until: datetime | None) -> None:
    """Take an erased person out of every organization. Bills that went to their address go to an owner."""
    for organization in Organization.objects.filter(memberships__user=user, billing_email=address):
        owners = Membership.ALL.filter(organization=organization, role=Role.OWNER, status=Membership.Status.ACTIVE)
        heir = owners.exclude(user=user).order_by("created_at").select_related("user").first()
        if heir is not None:
            organization.billing_email = heir.user.email
            organization.save(update_fields=["billing_email"])
            audit.record("organization.update", organization, by=None, changes={"billing_email": heir.user.email})
    # Since then, the address may be another person's.
    Invitation.objects.filter(email=address, created_at__lte=until).delete()
    Membership.ALL.filter(user=user).delete()


def _places_alone(person: Any) -> QuerySet[Membership]:
    places = Membership.ALL.filter(user=person, role=Role.OWNER, status=Membership.Status.ACTIVE)
    standing = places.exclude(organization__status=Organization.Status.DELETED)
    return standing.filter(~Exists(_owners().filter(_HERE).exclude(user=OuterRef("user"))))


def _owned(user_id: UUID) -> QuerySet[Organization]:
    places = Membership.ALL.filter(user=user_id, role=Role.OWNER, status=Membership.Status.ACTIVE)
    existing = Organization.objects.exclude(status=Organization.Status.DELETED)
    return existing.filter(pk__in=places.values("organization")).order_by("pk")


def _owners() -> QuerySet[Membership]:
    """Places of owners who can act: nobody waits for one who cannot sign in."""
    return Membership.ALL.filter(role=Role.OWNER, status=Membership.Status.ACTIVE, user__status="active")


def _refuse(alone: list[Organization]) -> None:
    if alone:
        names = [organization.name for organization in alone]
        raise LastOwner(
            "Hand these organizations over to another owner, or delete them, first: " + ", ".join(names) + ".",
            details={"organizations": names},
        )
