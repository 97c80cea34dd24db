"""Roles that an organization makes for itself. Nobody puts into a role what they do not hold."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.text import slugify

from orgs import roles
from orgs.models import CustomRole, Organization
from orgs.roles import Role
from orgs.services import authority, ownership
from platform_core.errors import Conflict, InvalidInput, NotAllowed
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import User

MOST = 50
LONGEST_KEY = 40


@transaction.atomic
def create_role(organization: Organization, name: str, permissions: Collection[str], *, by: "User") -> CustomRole:
    """A role under a key made from its name."""
    organization, acting = _begin(organization, by)
    key = slugify(name)[:LONGEST_KEY].strip("-")
    if not key or key in Role.values or organization.custom_roles.filter(key=key).exists():
        message = "Choose another name: there is such a role already." if key else "A name with letters is wanted."
        raise InvalidInput(message, details={"name": [message]})
    if organization.custom_roles.count() >= MOST:
        raise Conflict(f"An organization may have {MOST} roles of its own.")
    chosen = _checked(permissions, acting)
    role = CustomRole.objects.create(organization=organization, key=key, name=name, permissions=chosen)
    audit.record("customrole.create", role, by=by, changes={"name": name, "permissions": chosen})
    return role


@transaction.atomic
def change_role(role: CustomRole, name: str, permissions: Collection[str], *, by: "User") -> CustomRole:
    """Another name and another set of permissions, for everybody who has the role. Its key stays."""
    organization, acting = _begin(role.organization, by)
    held = organization.custom_roles.select_for_update().get(pk=role.pk)
    chosen = _checked(permissions, acting)
    changes = {
        field: [before, after]
        for field, before, after in (("name", held.name, name), ("permissions", held.permissions, chosen))
        if before != after
    }
    if changes:
        held.name, held.permissions = name, chosen
        held.save(update_fields=["name", "permissions"])
        audit.record("customrole.update", held, by=by, changes=changes)
    return held


@transaction.atomic
def delete_role(role: CustomRole, *, by: "User") -> None:
    """Only a role that nobody has and that no open invitation is for."""
    organization, _ = _begin(role.organization, by)
    held = organization.custom_roles.select_for_update().get(pk=role.pk)
    if held.memberships.exists() or held.invitations.pending().exists():
        raise Conflict("Somebody has this role, or is invited to it: give them another one first.")
    # Of invitations that are over it need not be known that they were for this role.
    held.invitations.update(custom_role=None)
    audit.record("customrole.delete", held, by=by, changes={"name": held.name})
    held.delete()


def _begin(organization: Organization, by: "User") -> tuple[Organization, authority.Authority]:
    held = ownership.lock(organization)
    acting = authority.of(held, by)
    acting.require(roles.ROLE_MANAGE)
    return held, acting


def _checked(permissions: Collection[str], acting: authority.Authority) -> list[str]:
    unknown = sorted(set(permissions) - set(roles.REGISTRY))
    if unknown:
        told = [f"{each} is no permission." for each in unknown]
        raise InvalidInput("There are no such permissions.", details={"permissions": told})
    if roles.OWNERS_ONLY.intersection(permissions):
        raise NotAllowed("Some permissions are the owners' alone.")
    acting.require_all(permissions)
    chosen = roles.known(permissions)
    return [each for each in roles.REGISTRY if each in chosen]
