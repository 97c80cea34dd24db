"""Seats: how many people may belong to an organization."""

from orgs.models import Invitation, Membership, Organization
from platform_core import clock
from platform_core.errors import PaymentRequired


def taken(organization: Organization) -> int:
    """Active members, and invitations that can still be accepted: each holds a seat."""
    invited = Invitation.objects.pending().filter(organization=organization, expires_at__gt=clock.wall())
    return active(organization) + invited.count()


def active(organization: Organization) -> int:
    """Members who have a seat now."""
    return Membership.ALL.filter(organization=organization, status=Membership.Status.ACTIVE).count()


def require(organization: Organization, wanted: int = 1, *, besides: int | None = None) -> None:
    """Refuse so many more people than there are seats. Call it under the organization's lock."""
    if organization.seat_limit is None:
        return
    used = taken(organization) if besides is None else besides
    if used + wanted > organization.seat_limit:
        seats = "1 seat" if organization.seat_limit == 1 else f"{organization.seat_limit} seats"
        raise PaymentRequired(
            f"{organization.name} has {seats}, of which {used} are taken. Remove somebody, or move to a larger plan.",
            code="SEAT_LIMIT",
        )
