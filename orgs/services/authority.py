"""What one person may decide about others in an organization. Nobody gives what they do not hold."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orgs import roles
from orgs.models import CustomRole, Membership, Organization, RoleHolder
from orgs.roles import Role
from platform_core.errors import InvalidInput, NotAllowed, NotFound

if TYPE_CHECKING:
    from identity.models import User

# An owner is touched by owners only, an admin by admins and owners.
RANKS = {Role.OWNER: 2, Role.ADMIN: 1}


@dataclass(frozen=True)
class Authority:
    """The acting person's rank and permissions, read under the organization's lock."""

    rank: int
    permissions: frozenset[str]

    def require(self, permission: str) -> None:
        """Refuse whoever lost the permission since they were let in."""
        if permission not in self.permissions:
            raise NotAllowed("Your role does not let you do this.")

    def require_reach(self, member: Membership) -> None:
        """Refuse to touch somebody of a higher rank."""
        if _rank(member) > self.rank:
            whom = "an owner" if member.role == Role.OWNER else "an admin"
            raise NotAllowed(f"Only {'owners' if member.role == Role.OWNER else 'admins and owners'} change {whom}.")

    def require_all(self, permissions: Collection[str]) -> None:
        """Refuse to give more than one holds oneself."""
        if not self.permissions.issuperset(permissions):
            raise NotAllowed("You cannot give a role that may do more than yours.")


def of(organization: Organization, by: "User") -> Authority:
    """The authority of a member; staff who belong to it as nobody act with an owner's, as far as they were let in."""
    member = Membership.ALL.filter(organization=organization, user=by).select_related("custom_role").first()
    if member is None and by.is_staff:
        return Authority(RANKS[Role.OWNER], roles.PERMISSIONS[Role.OWNER])
    if member is None or member.status != Membership.Status.ACTIVE:
        raise NotFound("Not found.")
    return Authority(_rank(member), member.permissions)


@dataclass(frozen=True)
class ChosenRole:
    """A role as it was named: built-in, or one of the organization's own."""

    role: Role
    custom_role: CustomRole | None = None

    @property
    def permissions(self) -> frozenset[str]:
        """What it lets its holder do."""
        return self.custom_role.held if self.custom_role else roles.PERMISSIONS[self.role]

    @property
    def key(self) -> str:
        """What it is called on the wire."""
        return self.custom_role.key if self.custom_role else self.role.value

    def give_to(self, holder: RoleHolder) -> None:
        """Set it; the caller saves."""
        holder.role, holder.custom_role = self.role, self.custom_role


def chosen(organization: Organization, key: str) -> ChosenRole:
    """The role of this key; 400 naming those that there are."""
    if key in Role.values:
        return ChosenRole(Role(key))
    own = {role.key: role for role in CustomRole.objects.filter(organization=organization)}
    if key not in own:
        message = f"One of: {', '.join([*Role.values, *own])}."
        raise InvalidInput("There is no such role.", details={"role": [message]})
    return ChosenRole(Role.MEMBER, own[key])


def _rank(member: Membership) -> int:
    return RANKS.get(Role(member.role), 0)
