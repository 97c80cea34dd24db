"""Where people are signed in."""

from django.contrib import admin

from identity.models import Session
from platform_core.admin.base import StaffModelAdmin


@admin.register(Session)
class SessionAdmin(StaffModelAdmin[Session]):
    """One sign-in; of its token nothing is shown."""

    list_display = (
        "user",
        "kind",
        "ip_address",
        "user_agent",
        "created_at",
        "last_seen_at",
        "revoked_at",
        "revoked_reason",
    )
    list_filter = ("kind", "revoked_reason")
    list_select_related = ("user",)
    search_fields = ("user__email", "ip_address")
    concealed = ("handle", "spent", "security_version")
