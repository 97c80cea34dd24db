"""Moving the subscribers of a plan, in the console: a draft with everybody's part, then its start."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanWidget

from billing.admin.amounts import Priced
from billing.models import Plan, PlanMigration, PlanMove
from billing.money import format_minor
from billing.services import plan_migrations
from platform_core.admin.base import Operation, StaffInline, StaffModelAdmin
from platform_core.admin.questions import Question

if TYPE_CHECKING:
    from identity.models import User

RUN = "billing.run_planmigration"
Policy, Status = PlanMigration.Policy, PlanMigration.Status


class MoveSubscribers(Question):
    """Before the difference is looked at: where to, when, and at which price."""

    row: Plan

    to = forms.ModelChoiceField(Plan.objects.none(), widget=UnfoldAdminSelectWidget, label="To the present terms of")
    policy = forms.ChoiceField(choices=Policy.choices, widget=UnfoldAdminSelectWidget, label="In force")
    at_list_price = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanWidget,
        label="At what it is sold at now",
        help_text="Else whoever stays on the plan pays what they pay. Another plan is always had at its present price.",
    )
    is_declinable = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanWidget,
        label="They may decline",
        help_text="Until the next period begins, customers may stay as they are. Else they may only leave.",
    )
    reason = forms.CharField(widget=forms.Textarea, max_length=300, help_text="Written into the record.")

    def __init__(self, row: Plan, data: Any = None) -> None:
        super().__init__(row, data)
        fields: Any = self.fields
        fields["to"].queryset = Plan.objects.on_sale().filter(product=row.product_id)

    def suggested(self) -> dict[str, Any]:
        return {"to": self.row.pk, "policy": Policy.RENEWAL}

    def explained(self) -> str:
        return "This makes a draft: who pays how much before and after. Nothing changes before you start it."


def draft(plan: Plan, by: "User", *, to: Plan, policy: str, reason: str, **given: Any) -> str:
    """The draft; it is started on a page of its own."""
    terms = {name: given[name] for name in ("at_list_price", "is_declinable")}
    made = plan_migrations.draft(plan, to, Policy(policy), by=by, reason=reason, **terms)
    return f"{made.moves.count()} subscriptions looked at. Start it under Plan migrations"


class PlanMoveInline(Priced, StaffInline):
    """Everybody's part."""

    model = PlanMove
    per_page = 100
    fields = ("organization", "status", "quantity", "from_version", "from_minor", "to_minor", "due_minor", "note")


@admin.register(PlanMigration)
class PlanMigrationAdmin(StaffModelAdmin[PlanMigration]):
    """A move of many: what it would do, how far it is, what it did."""

    list_display = ("plan", "to_version", "policy", "state", "progress", "created_at", "requested_by")
    list_filter = ("status", "policy")
    list_select_related = ("plan", "to_version__plan", "requested_by")
    search_fields = ("plan__name", "plan__code", "reason")
    inlines = (PlanMoveInline,)
    readonly_fields = ("progress", "difference")
    operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "start",
            "Start",
            RUN,
            lambda row, by: _started(plan_migrations.start(row, by=by)),
            offered=lambda row: row.status in (Status.DRAFT, Status.STOPPED),
            is_dangerous=True,
        ),
        Operation(
            "stop",
            "Stop",
            RUN,
            lambda row, by: plan_migrations.stop(row, by=by),
            offered=lambda row: row.status == Status.RUNNING,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[PlanMigration]:
        counts: dict[str, Any] = {
            f"{status}_count": Count("moves", filter=Q(moves__status=status)) for status in PlanMove.Status.values
        }
        return super().get_queryset(request).annotate(**counts)

    @admin.display(description="Progress")
    def progress(self, row: PlanMigration) -> str:
        counts = {status: getattr(row, f"{status}_count") for status in sorted(PlanMove.Status.values)}
        return ", ".join(f"{count:,} {status}" for status, count in counts.items() if count)

    @admin.display(description="Each period before and after, and due at once")
    def difference(self, row: PlanMigration) -> str:
        lines = (
            (
                each.status,
                *(format_minor(minor, each.currency) for minor in (each.from_minor, each.to_minor, each.due_minor)),
            )
            for each in plan_migrations.totals(row)
        )
        return format_html_join("", "<div>{}: {} → {}, {} due</div>", lines)


def _started(_: object) -> str:
    return "one subscription after another is moved"
