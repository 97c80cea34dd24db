"""Reads across memberships and organizations."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Case, Exists, QuerySet, When

from orgs.models import ACTIVE, Membership, Organization
from platform_core import clock
from platform_core.errors import EnrolmentRequired, NotAllowed, SignInAgain
from platform_core.prepared import Prepared

if TYPE_CHECKING:
    from identity.models import User


NONE = UUID(int=0)


def _places(user_id: UUID, chosen: UUID) -> QuerySet[Membership]:
    others = Case(When(organization_id=chosen, then=0), default=1)
    return Membership.ALL.filter(ACTIVE, user_id=user_id).only("organization_id").order_by(others, "created_at")


_PLACES = Prepared(_places)


def organization_in_use(user: "User", chosen: str | None = None) -> UUID | None:
    """The organization a person works in: the chosen one while they belong to it, else their first."""
    found = _PLACES.first(user.pk, _id_of(chosen))
    return found.organization_id if found else None


def _id_of(text: str | None) -> UUID:
    try:
        return UUID(text or "")
    except ValueError:
        return NONE


def requires_two_factor(user: "User") -> bool:
    """Whether any of the organizations a person belongs to asks for a second factor."""
    return Membership.ALL.filter(ACTIVE, user=user, organization__two_factor_required=True).exists()


def two_factor_required_of(person: Any) -> Exists:
    """The same, of whom a statement about other rows is about."""
    return Exists(Membership.ALL.filter(ACTIVE, user=person, organization__two_factor_required=True))


def organizations_in_reach(
    user: "User", *, two_factor: bool, signed_in_at: datetime, acting_for: UUID | None = None
) -> frozenset[UUID]:
    """The organizations whose rows one sign-in may see. Those that ask for a second factor it did not show, or for a
    younger sign-in, are not among them, and whoever acts for such a one is told what is missing.
    """
    mine = Membership.ALL.filter(ACTIVE, user=user).select_related("organization")
    policies = "organization__two_factor_required", "organization__session_max_hours"
    open_ones = set()
    for organization in [each.organization for each in mine.only("organization_id", *policies)]:
        try:
            require_sign_in(organization, two_factor=two_factor, signed_in_at=signed_in_at)
        except NotAllowed:
            if organization.pk == acting_for:
                raise
        else:
            open_ones.add(organization.pk)
    return frozenset(open_ones)


def require_sign_in(organization: Organization, *, two_factor: bool, signed_in_at: datetime) -> None:
    """Refuse a sign-in that is not what the organization asks for."""
    if organization.two_factor_required and not two_factor:
        raise EnrolmentRequired
    hours = organization.session_max_hours
    if hours is not None and clock.now() - signed_in_at > timedelta(hours=hours):
        raise SignInAgain
