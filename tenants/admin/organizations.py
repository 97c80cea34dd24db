"""Organizations, with everything known of them on one page."""

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin

from billing.admin.invoices import WRITE
from billing.admin.wallets import GRANT
from identity.models import User
from orgs.admin.organizations import OrganizationAdmin
from orgs.models import Organization
from orgs.services import seats
from platform_core.admin.base import Operation, StaffInline
from tenants import overviews

admin.site.unregister(Organization)


@admin.register(Organization)
class OrganizationScreen(OrganizationAdmin):
    """An organization: who belongs to it, what it buys, uses and pays, what was done."""

    inlines: ClassVar[Sequence[type[StaffInline]]] = ()
    change_form_outer_before_template = "admin/tenants/organization.html"
    operations: ClassVar[Sequence[Operation]] = (*OrganizationAdmin.operations, GRANT, WRITE)

    def row_context(self, row: Organization, by: User) -> dict[str, object]:
        return {"overview": overviews.organization_overview(row), "seats": seats.taken(row)}
