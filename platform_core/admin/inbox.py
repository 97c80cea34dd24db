"""What providers told us, and what became of it."""

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin

from platform_core.admin.base import Operation, StaffInline, StaffModelAdmin
from platform_core.models import ProviderCursor, ProviderEvent, ProviderEventTry, ProviderObject
from platform_core.services import inbox


class ProviderEventTryInline(StaffInline):
    """Every time that it was acted upon."""

    model = ProviderEventTry
    fields = ("created_at", "outcome", "detail", "together_count", "duration_ms", "worker")


@admin.register(ProviderEvent)
class ProviderEventAdmin(StaffModelAdmin[ProviderEvent]):
    """A signed event, as it came."""

    list_display = ("kind", "external_id", "object_id", "state", "source", "attempt", "occurred_at", "processed_at")
    list_filter = ("status", "source", "provider", "kind")
    search_fields = ("external_id", "object_id", "subject_id", "owner_id", "error")
    date_hierarchy = "occurred_at"
    inlines = (ProviderEventTryInline,)
    operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "replay",
            "Act upon it again",
            "platform_core.replay_providerevent",
            lambda event, by: inbox.replay(event, by=by),
            offered=lambda event: event.status != ProviderEvent.Status.RECEIVED,
        ),
    )


@admin.register(ProviderObject)
class ProviderObjectAdmin(StaffModelAdmin[ProviderObject]):
    """Whose events are acted upon one reading at a time, and what is gone at the provider."""

    list_display = ("external_id", "provider", "state", "applied_seq", "observed_at", "deleted_at", "worker")
    list_filter = ("status", "provider")
    search_fields = ("external_id",)


@admin.register(ProviderCursor)
class ProviderCursorAdmin(StaffModelAdmin[ProviderCursor]):
    """How far a provider's lists were read, and what was found in them that nobody had told."""

    list_display = ("name", "provider", "began_at", "ended_at", "read_count", "found_count", "position")
