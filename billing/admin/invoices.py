"""What was asked to be paid."""

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin

from billing.admin import verification
from billing.admin.amounts import Priced
from billing.models import BillingPeriod, Invoice, InvoiceLine
from platform_core.admin.base import Operation, StaffInline, StaffModelAdmin


class InvoiceLineInline(Priced, StaffInline):
    """What it is made of."""

    model = InvoiceLine
    fields = ("kind", "description", "quantity", "amount_minor", "period_start", "period_end")


@admin.register(Invoice)
class InvoiceAdmin(Priced, StaffModelAdmin[Invoice]):
    """An invoice as the provider issued it."""

    list_display = ("number", "organization", "state", "total_minor", "issued_at", "paid_at", "discrepancy")
    list_filter = ("status", "currency", ("discrepancy", admin.EmptyFieldListFilter))
    list_select_related = ("organization",)
    search_fields = ("number", "organization__name", "organization__slug", "provider_invoice_id")
    date_hierarchy = "issued_at"
    inlines = (InvoiceLineInline,)
    operations: ClassVar[Sequence[Operation]] = (
        Operation("verify", "Compute the figures again", "billing.view_invoice", lambda invoice, _by: _verify(invoice)),
    )


def _verify(invoice: Invoice) -> str:
    return verification.verify(BillingPeriod.objects.filter(invoice_lines__invoice=invoice).distinct())
