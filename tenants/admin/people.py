"""People, with everything known of them on one page."""

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin

from identity.admin.users import UserAdmin
from identity.models import User
from identity.services import two_factor, two_factor_reset
from platform_core.admin.base import Operation, StaffInline
from tenants import overviews, selectors
from tenants.services import customers

admin.site.unregister(User)


def _make_founding_member(person: User, by: User) -> str:
    member = customers.make_founding_member(selectors.owner_of(person), by=by)
    return f"number {member.number}"


def _may_become_founding_member(person: User) -> bool:
    """It is for the organization that they own."""
    return not hasattr(person, "founding_membership") and selectors.owner_of(person).organization is not None


@admin.register(User)
class PersonAdmin(UserAdmin):
    """A person: who they are, where they work, what they bought and use, how they sign in, what was done."""

    inlines: ClassVar[Sequence[type[StaffInline]]] = ()
    change_form_outer_before_template = "admin/tenants/person.html"
    operations: ClassVar[Sequence[Operation]] = (
        *UserAdmin.operations,
        Operation(
            "make_founding_member",
            "Make founding member",
            "billing.add_foundingmember",
            _make_founding_member,
            offered=_may_become_founding_member,
        ),
    )

    def row_context(self, row: User, by: User) -> dict[str, object]:
        return {
            "overview": overviews.person_overview(row),
            "two_factor": two_factor.status(row),
            "may_reset": two_factor_reset.may_reset(row, by),
        }
