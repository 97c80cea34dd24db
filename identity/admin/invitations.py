"""Invitations to be staff."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.shortcuts import redirect

from identity.models import StaffInvitation, normalize_address
from identity.services import invitations
from platform_core.admin.base import Operation, StaffModelAdmin, has_proved, staff_of, to_proof
from platform_core.errors import DomainError

PERMISSION = "identity.manage_staff"
PURPOSE = "staff.change_role"


class InviteForm(forms.ModelForm):  # type: ignore[type-arg]
    """Whom to invite, and to which role."""

    def clean_email(self) -> str:
        """In the one form in which addresses are kept."""
        return normalize_address(self.cleaned_data["email"])


@admin.register(StaffInvitation)
class StaffInvitationAdmin(StaffModelAdmin[StaffInvitation]):
    """An invitation; its link is in the mail only."""

    list_display = ("email", "role", "stage", "invited_by", "sent_at", "expires_at")
    list_filter = ("role",)
    list_select_related = ("invited_by",)
    search_fields = ("email", "invited_by__email")
    readonly_fields = ("stage",)
    form = InviteForm
    addable = ("email", "role")
    operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "resend",
            "Resend",
            PERMISSION,
            lambda row, by: invitations.resend(row, by=by),
            step_up=lambda _: PURPOSE,
        ),
        Operation(
            "revoke",
            "Revoke",
            PERMISSION,
            lambda row, by: invitations.revoke(row, by=by),
            is_dangerous=True,
            step_up=lambda _: PURPOSE,
        ),
    )

    @admin.display(description="Status")
    def stage(self, invitation: StaffInvitation) -> str:
        return invitation.state.capitalize()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only who may decide it invites."""
        return staff_of(request).has_perm(PERMISSION)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> Any:
        """A refusal is told where the form was. Giving a role takes a second factor that was shown just now."""
        if self.has_add_permission(request) and not has_proved(request, PURPOSE):
            return to_proof(PURPOSE, request.path)
        try:
            return super().add_view(request, form_url, extra_context)
        except DomainError as error:
            messages.warning(request, error.message)
            return redirect("admin:identity_staffinvitation_add")

    def save_model(self, request: HttpRequest, obj: StaffInvitation, form: Any, change: Any) -> None:
        invitation = invitations.invite(obj.email, obj.role, by=staff_of(request))
        obj.pk = invitation.pk
