"""Domains that organizations hold or claim."""

from django.contrib import admin

from orgs.models import Domain
from platform_core.admin.base import StaffModelAdmin


@admin.register(Domain)
class DomainAdmin(StaffModelAdmin[Domain]):
    """A domain, and when its proof was seen last."""

    list_display = ("name", "organization", "state", "join_role", "verified_at", "checked_at", "failures")
    list_filter = ("state",)
    list_select_related = ("organization",)
    search_fields = ("name", "organization__name", "organization__slug")
