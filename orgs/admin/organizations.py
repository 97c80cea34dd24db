"""Organizations and who belongs to them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from django.contrib import admin

from orgs.models import CustomRole, Invitation, Membership, Organization
from orgs.roles import Role
from orgs.services import invitations, members, organizations
from platform_core.admin.base import Operation, StaffInline, StaffModelAdmin

if TYPE_CHECKING:
    from identity.models import User


class MembershipInline(StaffInline):
    """Who belongs to it."""

    model = Membership
    fields = ("user", "role", "custom_role", "status", "created_at")
    show_change_link = True


@admin.register(Organization)
class OrganizationAdmin(StaffModelAdmin[Organization]):
    """A customer."""

    list_display = ("name", "slug", "state", "billing_email", "seat_limit", "created_at")
    list_filter = ("status",)
    search_fields = ("name", "slug", "billing_email", "id")
    date_hierarchy = "created_at"
    editable = ("name", "billing_email", "seat_limit")
    inlines: ClassVar[Sequence[type[StaffInline]]] = (MembershipInline,)
    operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "delete",
            "Delete",
            "orgs.delete_organization",
            lambda row, by: organizations.delete_organization(row, by=by),
            offered=lambda row: row.deleted_at is None,
            is_dangerous=True,
            step_up=lambda _: "organization.delete",
        ),
        Operation(
            "restore",
            "Restore",
            "orgs.delete_organization",
            lambda row, by: organizations.restore_for_owner(row, by=by),
            offered=lambda row: row.deleted_at is not None and row.purged_at is None,
        ),
    )


def _make_owner(member: Membership, by: "User") -> None:
    members.update(member, role=Role.OWNER, by=by)


def _suspend(member: Membership, by: "User") -> None:
    members.update(member, status=Membership.Status.SUSPENDED, by=by)


def _reinstate(member: Membership, by: "User") -> None:
    members.update(member, status=Membership.Status.ACTIVE, by=by)


@admin.register(Membership)
class MembershipAdmin(StaffModelAdmin[Membership]):
    """A person's place in an organization. It changes by the services that keep an owner in each."""

    list_display = ("user", "organization", "role_name", "state", "created_at")
    list_filter = ("role", "status")
    list_select_related = ("user", "organization", "custom_role")
    search_fields = ("user__email", "organization__name", "organization__slug")
    operations = (
        Operation(
            "make_owner",
            "Make owner",
            "orgs.change_membership",
            _make_owner,
            offered=lambda row: row.role != Role.OWNER,
            is_dangerous=True,
            step_up=lambda _: "organization.transfer",
        ),
        Operation("suspend", "Suspend", "orgs.change_membership", _suspend, offered=lambda row: row.status == "active"),
        Operation(
            "reinstate", "Reinstate", "orgs.change_membership", _reinstate, offered=lambda row: row.status != "active"
        ),
        Operation(
            "remove",
            "Remove",
            "orgs.delete_membership",
            lambda row, by: members.remove(row, by=by),
            is_dangerous=True,
        ),
    )


@admin.register(Invitation)
class InvitationAdmin(StaffModelAdmin[Invitation]):
    """Who was invited where."""

    list_display = ("email", "organization", "role_name", "stage", "invited_by", "sent_at", "expires_at")
    list_select_related = ("organization", "custom_role", "invited_by")
    search_fields = ("email", "organization__name", "organization__slug")
    operations = (
        Operation(
            "revoke",
            "Revoke",
            "orgs.change_membership",
            lambda row, by: invitations.revoke(row, by=by),
            offered=lambda row: row.state in ("pending", "expired"),
        ),
    )

    @admin.display(description="Status")
    def stage(self, invitation: Invitation) -> str:
        return invitation.state.capitalize()


@admin.register(CustomRole)
class CustomRoleAdmin(StaffModelAdmin[CustomRole]):
    """A role that an organization made for itself."""

    list_display = ("name", "organization", "key", "created_at")
    list_select_related = ("organization",)
    search_fields = ("name", "organization__name")
