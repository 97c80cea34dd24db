"""Periodic work."""

from datetime import datetime

from django.contrib import admin

from platform_core.admin.base import StaffModelAdmin
from platform_core.models import CronRun


@admin.register(CronRun)
class CronRunAdmin(StaffModelAdmin[CronRun]):
    """One slot of one periodic task."""

    list_display = ("name", "moment", "state", "started_at", "finished_at", "error")
    list_filter = ("status", "name")
    search_fields = ("name", "slot", "error")
    date_hierarchy = "started_at"

    @admin.display(description="Slot", ordering="slot")
    def moment(self, run: CronRun) -> datetime | str:
        """When it was due; a slot that is named otherwise, as it is named."""
        try:
            return datetime.fromisoformat(run.slot)
        except ValueError:
            return run.slot
