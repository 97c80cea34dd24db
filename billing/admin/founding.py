"""Founding members."""

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin

from billing.models import FoundingMember
from billing.services import founding
from platform_core import clock
from platform_core.admin.base import Operation, StaffModelAdmin


@admin.register(FoundingMember)
class FoundingMemberAdmin(StaffModelAdmin[FoundingMember]):
    """A founding membership. It is granted on the person's page; what changes here holds from the next period on."""

    list_display = ("number", "user", "organization", "token_multiplier", "created_at", "expires_at")
    list_select_related = ("user", "organization")
    search_fields = ("number", "user__email", "organization__name")
    operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "end",
            "End membership",
            "billing.change_foundingmember",
            lambda member, by: founding.end(member, by=by),
            offered=lambda member: member.expires_at > clock.now(),
            is_dangerous=True,
        ),
    )
