"""Pictures of people."""

from django.db import transaction

from identity.models import User
from identity.services import files, telemetry
from platform_core.errors import NotFound
from platform_core.pictures import draw
from platform_core.services import audit


def replace(user: User, content: bytes, *, by: User) -> None:
    """Give a person another picture."""
    name = files.keep("photos", "webp", draw(content))
    with transaction.atomic():
        _set(user, name)
        audit.record("user.set_photo", user, by=by)
        telemetry.record("profile.photo_set", user)


@transaction.atomic
def remove(user: User, *, by: User) -> None:
    """Take a person's picture away; none is no change."""
    if _set(user, ""):
        audit.record("user.remove_photo", user, by=by)


def of_person(user: User) -> bytes:
    """The picture; 404 where there is none."""
    content = files.read(user.photo) if user.photo else None
    if content is None:
        raise NotFound("Not found.")
    return content


def _set(user: User, name: str) -> bool:
    """Name another file, and have the one before deleted; whether there was a change."""
    before = User.objects.select_for_update().values_list("photo", flat=True).get(pk=user.pk)
    if before == name:
        return False
    user.photo = name
    user.save(update_fields=["photo"])
    files.discard(before, user)
    return True
