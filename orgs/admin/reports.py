"""Reports of organizations. What they say is theirs: the console shows that they are, not what is in them."""

from django.contrib import admin

from orgs import reports
from orgs.models import Report, ReportSchedule
from platform_core.admin.base import M, StaffModelAdmin


class Titled(StaffModelAdmin[M]):
    """Called as its readers know it."""

    @admin.display(description="Report", ordering="kind")
    def title(self, row: Report | ReportSchedule) -> str:
        return {kind.code: kind.title for kind in reports.kinds()}.get(row.kind, row.kind)


@admin.register(Report)
class ReportAdmin(Titled[Report]):
    """One report, and how far it is."""

    list_display = ("title", "organization", "format", "starts_on", "ends_on", "state", "progress", "created_at")
    list_filter = ("kind", "status", "format")
    list_select_related = ("organization",)
    search_fields = ("organization__name", "organization__slug", "id")
    date_hierarchy = "created_at"


@admin.register(ReportSchedule)
class ReportScheduleAdmin(Titled[ReportSchedule]):
    """A report that is made by the clock."""

    list_display = ("title", "organization", "every", "format", "next_on")
    list_filter = ("kind", "every")
    list_select_related = ("organization",)
    search_fields = ("organization__name", "organization__slug")
