"""Orders."""

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin

from identity.models import User
from platform_core.admin.base import Operation, StaffModelAdmin
from platform_core.models import Job
from tenants.models import Order
from tenants.services import orders

LOG_LINES = 200
STARTABLE = (Order.Status.PAYMENT_CONFIRMED, Order.Status.FAILED)


@admin.register(Order)
class OrderAdmin(StaffModelAdmin[Order]):
    """From payment to a running server: what happened, and what was said while it did."""

    list_display = ("domain", "organization", "customer", "state", "automation", "created_at", "fulfilled_at")
    list_filter = ("status", "automation")
    list_select_related = ("organization", "customer")
    search_fields = ("domain", "organization__name", "organization__slug", "customer__email", "id")
    date_hierarchy = "created_at"
    change_form_outer_before_template = "admin/tenants/order.html"
    operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "provision",
            "Provision",
            "tenants.provision_order",
            lambda order, by: orders.start_provisioning(order, by=by),
            offered=lambda order: order.status in STARTABLE,
        ),
    )

    def row_context(self, row: Order, by: User) -> dict[str, object]:
        jobs = Job.objects.filter(subject_type=row._meta.label_lower, subject_id=row.pk)
        return {"jobs": [_told(job) for job in jobs.prefetch_related("runs").order_by("-created_at")]}


def _told(job: Job) -> dict[str, object]:
    """A job, its tries, and the end of its log."""
    return {"job": job, "runs": job.runs.all(), "lines": list(job.log_lines.order_by("-pk")[:LOG_LINES])[::-1]}
