"""Of the rows that libraries keep, those that help staff to help a person."""

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.http import HttpRequest

from platform_core.admin.base import M, StaffModelAdmin, staff_of


class OfPerson(StaffModelAdmin[M]):
    """A library's rows about a person: whoever may see the person may see them."""

    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return staff_of(request).has_perm("identity.view_user")


@admin.register(EmailAddress)
class EmailAddressAdmin(OfPerson[EmailAddress]):
    """A person's addresses, and which of them they proved to be theirs."""

    list_display = ("email", "user", "verified", "primary")
    list_filter = ("verified", "primary")
    list_select_related = ("user",)
    search_fields = ("email", "user__email")
