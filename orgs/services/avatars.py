"""Pictures of organizations. What no row names any more is deleted by a job: a storage that is away only delays it."""

from typing import TYPE_CHECKING

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from orgs import roles
from orgs.models import Organization
from orgs.services import authority, ownership
from platform_core import transactions, workflow
from platform_core.errors import NotFound
from platform_core.models import new_id
from platform_core.pictures import draw
from platform_core.services import audit
from platform_core.workflow import Context, Done, Outcome, Step, Workflow

if TYPE_CHECKING:
    from identity.models import User

KIND = "orgs.discard_avatar"


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


def discard(organization: Organization) -> None:
    """Have its picture deleted, in the transaction after which the row does not name it."""
    if organization.avatar:
        workflow.start(
            KIND,
            organization,
            organization_id=organization.pk,
            key=f"{KIND}:{organization.avatar}",
            data={"file": organization.avatar},
        )


@transaction.atomic
def _set(organization: Organization, name: str, *, by: "User") -> Organization:
    held = ownership.lock(organization)
    authority.of(held, by).require(roles.ORGANIZATION_UPDATE)
    if held.avatar != name:
        discard(held)
        held.avatar = name
        held.save(update_fields=["avatar"])
        audit.record("organization.set_avatar" if name else "organization.remove_avatar", held, by=by)
    return held


def _delete(ctx: Context) -> Outcome:
    default_storage.delete(ctx.data["file"])
    return Done()


DISCARD_AVATAR = Workflow(KIND, steps=[Step("delete", _delete)])
