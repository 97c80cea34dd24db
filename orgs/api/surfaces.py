"""The base view of endpoints that act for one organization."""

from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils.functional import cached_property

from orgs.models import ACTIVE, Membership, Organization
from orgs.selectors import require_sign_in
from platform_core import scoping
from platform_core.api.surfaces import PersonSurface
from platform_core.errors import InvalidInput, NotAMember
from platform_core.prepared import Prepared
from platform_core.scoping import Scope


def _place(user_id: UUID, organization_id: UUID) -> QuerySet[Membership]:
    active = Membership.ALL.filter(ACTIVE, user_id=user_id, organization_id=organization_id)
    return active.select_related("organization", "custom_role")


_PLACE = Prepared(_place)


class OrganizationSurface(PersonSurface):
    """`access` names permissions of a role. The organization is the one in the path, else the credential's.

    The role is read from the database at each request; whoever has none there gets the answer of an unknown id.
    """

    @cached_property
    def membership(self) -> Membership:
        """The caller's place in the organization."""
        found = _PLACE.first(self.actor.pk, self._named())
        if found is None:
            raise NotAMember("Not found.")
        require_sign_in(found.organization, two_factor=self.has_two_factor, signed_in_at=self.signed_in_at)
        return found

    @property
    def organization(self) -> Organization:
        """The organization that the request is about."""
        return self.membership.organization

    @property
    def counted_for(self) -> UUID | None:
        here: Membership | None = vars(self).get("membership")
        return here.organization_id if here else super().counted_for

    @property
    def caller(self) -> str:
        """The person, for the organization: the path does not always name it."""
        return f"{super().caller}:{self.organization.pk}"

    @property
    def denied_as(self) -> Model:
        """The organization's own record; a stranger's attempt stands where they work, and not where they looked."""
        here: Membership | None = vars(self).get("membership")
        in_use = getattr(self.request.auth, "organization_id", None)
        return here or (in_use and _PLACE.first(self.actor.pk, in_use)) or self.actor

    def permits(self, rule: str) -> bool:
        return super().permits(rule) or self.membership.may(rule)

    def scope(self) -> Scope | None:
        if not self.request.user.is_authenticated:
            return None
        return scoping.of_organizations([self.organization.pk])

    def _named(self) -> UUID:
        in_use: UUID | None = getattr(self.request.auth, "organization_id", None)
        named: UUID | None = self.kwargs.get("organization_id", in_use)
        if named is None:
            message = "Your sign-in names no organization: create or choose one first."
            raise InvalidInput(message, details={"organization": [message]})
        return named
