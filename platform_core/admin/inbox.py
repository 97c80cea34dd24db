"""What providers told us."""

from django.contrib import admin

from platform_core.admin.base import StaffModelAdmin
from platform_core.models import ProviderEvent


@admin.register(ProviderEvent)
class ProviderEventAdmin(StaffModelAdmin[ProviderEvent]):
    """A signed event, as it came."""

    list_display = ("kind", "external_id", "object_id", "state", "attempt", "occurred_at", "processed_at")
    list_filter = ("status", "provider", "kind")
    search_fields = ("external_id", "object_id", "error")
    date_hierarchy = "occurred_at"
