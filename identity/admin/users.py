"""People."""

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from identity.models import User
from identity.services import accounts
from orgs.models import Membership
from platform_core.admin.base import Operation, StaffInline, StaffModelAdmin, staff_of


class MembershipInline(StaffInline):
    """The organizations a person belongs to."""

    model = Membership
    fk_name = "user"
    fields = ("organization", "role", "status", "created_at")
    show_change_link = True


def _purpose(user: User) -> str:
    """Whether a colleague may sign in is who is staff."""
    return accounts.COLLEAGUES if user.is_staff else ""


@admin.register(User)
class UserAdmin(StaffModelAdmin[User]):
    """A person: customer or staff."""

    list_display = ("email", "name", "state", "is_staff", "roles", "created_at", "last_login")
    list_filter = ("status", "is_staff", "is_employee", "groups")
    search_fields = ("email", "first_name", "last_name", "id")
    date_hierarchy = "created_at"
    editable = ("first_name", "last_name", "is_employee")
    readonly_fields = ("roles",)
    concealed = ("security_version", "is_superuser", "recovery_digests", "erased_address")
    inlines: ClassVar[Sequence[type[StaffInline]]] = (MembershipInline,)
    operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "suspend",
            "Suspend",
            "identity.suspend_user",
            lambda user, by: accounts.suspend(user, by=by),
            offered=lambda user: user.status == User.Status.ACTIVE,
            is_dangerous=True,
            step_up=_purpose,
        ),
        Operation(
            "reactivate",
            "Reactivate",
            "identity.suspend_user",
            lambda user, by: accounts.reactivate(user, by=by),
            offered=lambda user: user.status == User.Status.SUSPENDED,
            step_up=_purpose,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people: QuerySet[User] = super().get_queryset(request)
        return people.prefetch_related("groups")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Of an erased person nothing can be changed, and of a colleague only by whoever decides about staff."""
        may = bool(super().has_change_permission(request, obj))
        if not may or obj is None:
            return may
        return obj.status != User.Status.DELETED and accounts.reaches(staff_of(request), obj)

    @admin.display(description="Staff roles")
    def roles(self, user: User) -> str:
        return ", ".join(sorted(group.name for group in user.groups.all()))
