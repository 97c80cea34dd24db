"""What is sold."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from billing.admin import plan_migrations as migrations
from billing.admin.amounts import Priced
from billing.admin.terms import TermsForm
from billing.models import Plan, PlanVersion, Price
from billing.services import catalog, plan_editing, prices, versions
from platform_core.admin.base import Operation, StaffInline, StaffModelAdmin, staff_of
from platform_core.errors import InvalidInput

if TYPE_CHECKING:
    from django.forms import ModelForm


class PriceInline(Priced, StaffInline):
    """What the plan costs."""

    model = Price
    fields = ("lookup_key", "kind", "interval", "currency", "amount_minor", "unit_price_nano", "is_active")
    show_change_link = True


class VersionInline(StaffInline):
    """What it includes, the latest first."""

    model = PlanVersion
    ordering = ("-number",)
    fields = ("number", "features", "rate_limit", "monthly_limit", "token_allotment", "trial_days", "created_at")
    show_change_link = True


@admin.register(PlanVersion)
class PlanVersionAdmin(StaffModelAdmin[PlanVersion]):
    """What a plan includes from one change of its terms to the next. It never changes."""

    list_display = ("plan", "number", "token_allotment", "rate_limit", "monthly_limit", "trial_days", "created_at")
    list_select_related = ("plan",)
    search_fields = ("plan__name", "plan__code")


@admin.register(Plan)
class PlanAdmin(StaffModelAdmin[Plan]):
    """A plan. What it includes changes for whoever buys from then on; running periods keep their terms."""

    list_display = ("name", "code", "product", "tier", "state", "is_add_on", "token_allotment", "rank")
    list_filter = ("status", "product", "kind", "fulfilment", "is_add_on")
    list_select_related = ("product", "current")
    search_fields = ("name", "code", "tier")
    editable = ("name", "tier", "description")
    addable = ("product", "code", "name", "tier", "description", "kind", "fulfilment", "rank", "is_custom", "is_add_on")
    inlines = (PriceInline, VersionInline)
    operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "archive",
            "Archive plan",
            "billing.delete_plan",
            lambda plan, by: _archived(plan_editing.archive(plan, by=by)),
            offered=lambda plan: plan.status == Plan.Status.ACTIVE,
            is_dangerous=True,
        ),
        Operation(
            "move_subscribers",
            "Move subscribers",
            "billing.run_planmigration",
            migrations.draft,
            offered=lambda plan: plan_editing.affected_by(plan).subscription_count > 0,
            question=migrations.MoveSubscribers,
        ),
    )

    def save_model(self, request: HttpRequest, obj: Plan, form: "ModelForm[Plan]", change: Any) -> None:
        """A new plan begins with a version that includes nothing yet."""
        if not isinstance(form, TermsForm):
            versions.begin(obj, PlanVersion(), by=staff_of(request))
            return
        about = {name: form.cleaned_data[name] for name in form.changed_data if name in plan_editing.ABOUT}
        plan_editing.change(obj, about | form.terms(), by=staff_of(request))

    def get_form(self, request: HttpRequest, obj: Plan | None = None, change: Any = None, **kwargs: Any) -> Any:
        """Terms are asked for with a plan that is there and on sale."""
        if obj is not None and obj.status == Plan.Status.ACTIVE and self.has_change_permission(request, obj):
            kwargs["form"] = TermsForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Plan | None = None) -> list[Any]:
        shown = super().get_fields(request, obj)
        on_sale = obj is not None and obj.status == Plan.Status.ACTIVE and self.has_change_permission(request, obj)
        return [*shown, *versions.TERMS, "confirm"] if on_sale else shown

    def get_readonly_fields(self, request: HttpRequest, obj: Plan | None = None) -> list[Any]:
        typed = (*versions.TERMS, "confirm")
        return [name for name in super().get_readonly_fields(request, obj) if name not in typed]


class PriceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new price is one that could be put on sale by any other way."""

    def clean(self) -> dict[str, Any]:
        """Each field at fault is told what is wanted."""
        given = super().clean() or {}
        if "amount_minor" in self.fields and not self.errors:
            try:
                prices.checked({name: given[name] for name in given if name in prices.TERMS})
            except InvalidInput as error:
                for name, told in error.details.items():
                    self.add_error(name if name in self.fields else None, list(told))
        return given


@admin.register(Price)
class PriceAdmin(Priced, StaffModelAdmin[Price]):
    """A price never changes: a new one takes its place."""

    list_display = ("lookup_key", "plan", "kind", "interval", "amount", "is_active", "is_published")
    list_filter = ("kind", "interval", "currency", "is_active")
    list_select_related = ("plan",)
    search_fields = ("lookup_key", "plan__name", "provider_price_id")
    editable = ("is_active",)
    readonly_fields = ("is_published",)
    form = PriceForm
    addable = ("plan", "kind", "interval", "currency", "amount_minor", "unit_price_nano", "lookup_key")
    list_operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "publish",
            "Publish new prices at the payment provider",
            "billing.change_price",
            lambda _, by: str(catalog.publish_prices(by=by)),
        ),
    )

    @admin.display(description="Amount")
    def amount(self, price: Price) -> Any:
        return self.written(price, "amount_minor" if price.unit_price_nano is None else "unit_price_nano")

    @admin.display(description="At the provider", boolean=True)
    def is_published(self, price: Price) -> bool:
        return bool(price.provider_price_id)


def _archived(plan: Plan) -> str:
    kept = plan_editing.affected_by(plan).subscription_count
    return f"archived; {kept} live subscriptions keep what they bought"
