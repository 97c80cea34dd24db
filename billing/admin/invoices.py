"""What was asked to be paid."""

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin

from billing import money
from billing.admin import verification
from billing.models import BillingPeriod, Invoice, InvoiceLine
from platform_core.admin.base import Operation, StaffInline, StaffModelAdmin


class InvoiceLineInline(StaffInline):
    """What it is made of."""

    model = InvoiceLine
    fields = ("kind", "description", "quantity", "amount_minor", "period_start", "period_end")


@admin.register(Invoice)
class InvoiceAdmin(StaffModelAdmin[Invoice]):
    """An invoice as the provider issued it."""

    list_display = ("number", "organization", "state", "total", "issued_at", "paid_at", "discrepancy")
    list_filter = ("status", "currency", ("discrepancy", admin.EmptyFieldListFilter))
    list_select_related = ("organization",)
    search_fields = ("number", "organization__name", "organization__slug", "provider_invoice_id")
    date_hierarchy = "issued_at"
    readonly_fields = ("total",)
    inlines = (InvoiceLineInline,)
    operations: ClassVar[Sequence[Operation]] = (
        Operation("verify", "Compute the figures again", "billing.view_invoice", lambda invoice, _by: _verify(invoice)),
    )

    @admin.display(description="Total", ordering="total_minor")
    def total(self, invoice: Invoice) -> str:
        return money.format_minor(invoice.total_minor, invoice.currency)


def _verify(invoice: Invoice) -> str:
    return verification.verify(BillingPeriod.objects.filter(invoice_lines__invoice=invoice).distinct())
