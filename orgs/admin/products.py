"""Products."""

from django.contrib import admin

from orgs.models import Product
from platform_core.admin.base import StaffModelAdmin


@admin.register(Product)
class ProductAdmin(StaffModelAdmin[Product]):
    """What we sell."""

    list_display = ("name", "code", "description", "is_bundle", "position")
    search_fields = ("name", "code")
    editable = ("name", "description", "position")
    addable = ("code", "name", "description", "is_bundle", "position")
