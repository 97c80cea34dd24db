"""What people do with the product."""

from django.contrib import admin

from identity.models import AnalyticsEvent, DataExport, UserActivity
from platform_core.admin.base import StaffModelAdmin


@admin.register(AnalyticsEvent)
class AnalyticsEventAdmin(StaffModelAdmin[AnalyticsEvent]):
    """One thing that a person did."""

    list_display = ("name", "user", "organization_id", "occurred_at")
    list_filter = ("name",)
    list_select_related = ("user",)
    search_fields = ("user__email", "organization_id")
    date_hierarchy = "occurred_at"
    ordering = ("-occurred_at",)


@admin.register(UserActivity)
class UserActivityAdmin(StaffModelAdmin[UserActivity]):
    """One person's day."""

    list_display = ("user", "active_on", "organization_id", "events_count", "last_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "organization_id")
    date_hierarchy = "active_on"
    ordering = ("-active_on",)


@admin.register(DataExport)
class DataExportAdmin(StaffModelAdmin[DataExport]):
    """A person's own data, as they asked for it. Staff see that, and never the file."""

    list_display = ("user", "state", "created_at", "expires_at", "downloaded_at")
    list_filter = ("status",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    concealed = ("file", "token_digest")
