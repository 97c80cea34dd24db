"""What every row has."""

from collections.abc import Collection
from typing import ClassVar
from uuid import UUID

import uuid_utils.compat as uuid_utils
from django.db import models

from platform_core import clock


def new_id() -> UUID:
    """A UUIDv7: unguessable, and in order of creation."""
    return uuid_utils.uuid7()


class Row(models.Model):
    """A UUIDv7 key and the moment of creation, in business time."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        abstract = True


class Unchanging(models.Model):
    """Rows that are written once: the database itself refuses to change or delete them (platform_core.unchanging)."""

    # Names of the fields that may change nevertheless.
    may_change: ClassVar[Collection[str]] = ()
    may_be_deleted: ClassVar[bool] = False

    class Meta:
        abstract = True
