"""Where we and the payment provider say different things."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from django.contrib import admin

from billing.models import ReconciliationFinding
from billing.services import findings
from platform_core.admin.base import Operation, StaffModelAdmin

if TYPE_CHECKING:
    from identity.models import User

PERMISSION = "billing.resolve_reconciliationfinding"


def _operation(
    name: str, label: str, run: "Callable[[ReconciliationFinding, User], None]", *, is_dangerous: bool = False
) -> Operation:
    return Operation(
        name, label, PERMISSION, run, offered=lambda finding: finding.resolved_at is None, is_dangerous=is_dangerous
    )


@admin.register(ReconciliationFinding)
class ReconciliationFindingAdmin(StaffModelAdmin[ReconciliationFinding]):
    """Found by the nightly comparison. To leave one as it is, write down why first."""

    list_display = ("object_kind", "object_id", "kind", "organization", "first_seen_at", "last_seen_at", "resolution")
    list_filter = (("resolved_at", admin.EmptyFieldListFilter), "kind", "object_kind", "resolution")
    list_select_related = ("organization",)
    search_fields = ("object_id", "organization__name", "reason")
    date_hierarchy = "first_seen_at"
    editable = ("reason",)
    operations: ClassVar[Sequence[Operation]] = (
        _operation("take", "Take the provider's state", lambda finding, by: findings.take(finding, by=by)),
        _operation("push", "Send ours", lambda finding, by: findings.push(finding, by=by), is_dangerous=True),
        _operation("dismiss", "Leave it as it is", lambda finding, by: findings.dismiss(finding, by=by)),
    )
