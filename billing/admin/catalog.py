"""What is sold."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin

from billing.admin.amounts import Priced
from billing.models import Plan, Price
from billing.services import catalog
from platform_core.admin.base import Operation, StaffInline, StaffModelAdmin


class PriceInline(Priced, StaffInline):
    """What the plan costs."""

    model = Price
    fields = ("lookup_key", "kind", "interval", "currency", "amount_minor", "unit_price_nano", "is_active")
    show_change_link = True


@admin.register(Plan)
class PlanAdmin(StaffModelAdmin[Plan]):
    """A plan. What it includes changes for whoever buys from then on; running periods keep their terms."""

    list_display = ("name", "code", "product", "tier", "state", "token_allotment", "rank")
    list_filter = ("status", "product", "kind", "fulfilment")
    list_select_related = ("product",)
    search_fields = ("name", "code", "tier")
    editable = ("name", "tier", "description", "features", "rate_limit", "monthly_limit", "status")
    addable = ("product", "code", "name", "tier", "description", "kind", "fulfilment", "rank", "features", "is_custom")
    inlines = (PriceInline,)


@admin.register(Price)
class PriceAdmin(Priced, StaffModelAdmin[Price]):
    """A price never changes: a new one takes its place."""

    list_display = ("lookup_key", "plan", "kind", "interval", "amount", "is_active", "is_published")
    list_filter = ("kind", "interval", "currency", "is_active")
    list_select_related = ("plan",)
    search_fields = ("lookup_key", "plan__name", "provider_price_id")
    editable = ("is_active",)
    readonly_fields = ("is_published",)
    addable = ("plan", "kind", "interval", "currency", "amount_minor", "unit_price_nano", "lookup_key")
    list_operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "publish",
            "Publish new prices at the payment provider",
            "billing.change_price",
            lambda _, by: catalog.publish_prices(by=by),
        ),
    )

    @admin.display(description="Amount")
    def amount(self, price: Price) -> Any:
        return self.written(price, "amount_minor" if price.unit_price_nano is None else "unit_price_nano")

    @admin.display(description="At the provider", boolean=True)
    def is_published(self, price: Price) -> bool:
        return bool(price.provider_price_id)
