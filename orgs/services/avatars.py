"""Pictures of organizations."""

from typing import TYPE_CHECKING

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from orgs import roles
from orgs.models import Organization
from orgs.services import authority, files, ownership
from platform_core import transactions
from platform_core.errors import NotFound
from platform_core.models import new_id
from platform_core.pictures import draw
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import User


def replace(organization: Organization, content: bytes, *, by: "User") -> Organization:
    """Give an organization another picture."""
    drawn = ContentFile(draw(content))
    transactions.outside()
    name = default_storage.save(f"avatars/{new_id().hex}.webp", drawn)
    return _set(organization, name, by=by)


def remove(organization: Organization, *, by: "User") -> Organization:
    """Take an organization's picture away; none is no change."""
    return _set(organization, "", by=by)


def of_organization(organization: Organization) -> bytes:
    """The picture; 404 where there is none."""
    if not organization.avatar:
        raise NotFound("Not found.")
    try:
        with default_storage.open(organization.avatar) as file:
            content: bytes = file.read()
    except FileNotFoundError as error:
        raise NotFound("Not found.") from error
    return content


@transaction.atomic
def _set(organization: Organization, name: str, *, by: "User") -> Organization:
    held = ownership.lock(organization)
    authority.of(held, by).require(roles.ORGANIZATION_UPDATE)
    if held.avatar != name:
        files.discard([held.avatar], held)
        held.avatar = name
        held.save(update_fields=["avatar"])
        audit.record("organization.set_avatar" if name else "organization.remove_avatar", held, by=by)
    return held
