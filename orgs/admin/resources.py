"""Status pages and checks that organizations have in products."""

from django.contrib import admin

from orgs.models import ProductResource
from platform_core.admin.base import StaffModelAdmin


@admin.register(ProductResource)
class ProductResourceAdmin(StaffModelAdmin[ProductResource]):
    """As the product told of it last."""

    list_display = ("name", "kind", "organization", "product", "state", "version", "reported_at", "deleted_at")
    list_filter = ("kind", "product")
    list_select_related = ("organization", "product")
    search_fields = ("name", "external_id", "organization__name", "organization__slug")
