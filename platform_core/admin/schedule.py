"""Periodic work."""

from django.contrib import admin

from platform_core.admin.base import StaffModelAdmin
from platform_core.models import CronRun


@admin.register(CronRun)
class CronRunAdmin(StaffModelAdmin[CronRun]):
    """One slot of one periodic task."""

    list_display = ("name", "slot", "state", "started_at", "finished_at", "error")
    list_filter = ("status", "name")
    search_fields = ("name", "slot", "error")
    date_hierarchy = "started_at"
