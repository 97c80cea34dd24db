"""Tenants' servers."""

from django.contrib import admin

from platform_core.admin.base import StaffModelAdmin
from tenants.models import Server


@admin.register(Server)
class ServerAdmin(StaffModelAdmin[Server]):
    """The machine of one order; the keys that open it are not shown."""

    list_display = ("order", "organization", "state", "ip_address", "provider", "agent_version", "last_seen")
    list_filter = ("status", "provider", "agent_version")
    list_select_related = ("order__organization", "beat")
    search_fields = ("order__domain", "order__organization__name", "ip_address", "machine_id")

    @admin.display(description="Organization")
    def organization(self, server: Server) -> str:
        return str(server.order.organization)

    @admin.display(description="Last heartbeat", ordering="beat__last_seen_at")
    def last_seen(self, server: Server) -> object:
        return server.beat.last_seen_at if hasattr(server, "beat") else None
