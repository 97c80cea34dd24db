"""Reports of organizations. What they say is theirs: the console shows that they are, not what is in them."""

from django.contrib import admin

from orgs.models import Report, ReportSchedule
from platform_core.admin.base import StaffModelAdmin


@admin.register(Report)
class ReportAdmin(StaffModelAdmin[Report]):
    """One report, and how far it is."""

    list_display = ("kind", "organization", "format", "starts_on", "ends_on", "status", "progress", "created_at")
    list_filter = ("kind", "status", "format")
    list_select_related = ("organization",)
    search_fields = ("organization__name", "organization__slug", "id")
    date_hierarchy = "created_at"


@admin.register(ReportSchedule)
class ReportScheduleAdmin(StaffModelAdmin[ReportSchedule]):
    """A report that is made by the clock."""

    list_display = ("kind", "organization", "every", "format", "next_on")
    list_filter = ("kind", "every")
    list_select_related = ("organization",)
    search_fields = ("organization__name", "organization__slug")
