"""What was used, and what each period made of it."""

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin

from billing.admin import verification
from billing.admin.amounts import Priced
from billing.models import BillingPeriod, UsageBucket
from billing.services import cycle
from platform_core.admin.base import Operation, StaffModelAdmin


@admin.register(UsageBucket)
class UsageBucketAdmin(StaffModelAdmin[UsageBucket]):
    """An hour of one agent on one model."""

    list_display = ("bucket_hour", "organization", "agent_code", "model_name", "tokens_total", "reported_at")
    list_filter = ("model_name", "agent_code")
    list_select_related = ("organization",)
    search_fields = ("organization__name", "organization__slug", "agent_code", "model_name", "source_id")
    date_hierarchy = "bucket_hour"


@admin.register(BillingPeriod)
class BillingPeriodAdmin(Priced, StaffModelAdmin[BillingPeriod]):
    """A month of one subscription: its figures freeze when it closes."""

    list_display = ("subscription", "organization", "state", "starts_at", "ends_at", "tokens_used", "overage_minor")
    list_filter = ("status",)
    list_select_related = ("subscription__plan", "organization")
    search_fields = ("organization__name", "organization__slug", "subscription__provider_subscription_id")
    date_hierarchy = "starts_at"
    list_operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "cycle",
            "Run the billing cycle now",
            "billing.change_billingperiod",
            lambda _row, _by: _told(cycle.run_billing_cycle()),
        ),
    )
    operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "verify",
            "Compute the figures again",
            "billing.view_billingperiod",
            lambda period, _by: verification.verify([period]),
            offered=lambda period: period.status != BillingPeriod.Status.OPEN,
        ),
    )


def _told(result: cycle.CycleResult) -> str:
    failed = f", {len(result.failed)} failed" if result.failed else ""
    return f"{result.closed} closed, {result.charged} charged, {result.waiting} waiting{failed}"
