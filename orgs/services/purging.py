"""Purging what was deleted: the row stays, emptied, because bills and audit events point to it."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from orgs.models import Organization
from orgs.services import files
from platform_core import clock, tables
from platform_core.purged import Purged
from platform_core.services import audit

NAME = "Deleted organization"


def purge_deleted() -> dict[str, int]:
    """Empty the organizations whose restore window is over. Runs by the clock."""
    over = clock.now() - timedelta(days=settings.ORGANIZATION_RESTORE_DAYS)
    due = Organization.objects.filter(status=Organization.Status.DELETED, deleted_at__lte=over, purged_at=None)
    purged = [_purge(pk, over) for pk in due.values_list("pk", flat=True)]
    return {"purged": sum(purged)}


@transaction.atomic
def _purge(pk: UUID, over: datetime) -> bool:
    """Whether it was still to be purged: an owner may have restored it in this moment."""
    held = Organization.objects.select_for_update().filter(pk=pk, deleted_at__lte=over, purged_at=None).first()
    if held is None:
        return False
    parts: list[Purged] = tables.entries("PURGED")
    nameless = [name for part in parts for name in part.file_names(held.pk)]
    for part in parts:
        part.empty(held.pk)
    files.discard([*nameless, held.avatar], held)
    held.avatar = ""
    held.name, held.slug = NAME, f"deleted-{held.pk}"
    held.billing_email = f"{held.pk}@deleted.invalid"
    held.default_product_roles = {}
    held.purged_at = clock.now()
    held.save()
    audit.record("organization.purge", held, by=None)
    return True
