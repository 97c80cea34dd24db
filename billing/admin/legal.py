"""In whose name invoices are issued, which taxes are added, and whom they are made out to."""

from django.contrib import admin

from billing.models import BillingProfile, LegalEntity, TaxRate
from platform_core.admin.base import StaffModelAdmin


@admin.register(LegalEntity)
class LegalEntityAdmin(StaffModelAdmin[LegalEntity]):
    """A company of ours. What changes here stands on documents from then on; its counters move by themselves."""

    list_display = ("name", "country", "tax_id", "invoice_prefix", "invoice_count", "credit_note_count", "is_default")
    search_fields = ("name", "tax_id")
    editable = ("name", "address", "country", "tax_id")


@admin.register(TaxRate)
class TaxRateAdmin(StaffModelAdmin[TaxRate]):
    """A rate never changes: another takes its place from a day on. In millionths: 19% is 190000."""

    list_display = (
        "country",
        "region",
        "name",
        "percent",
        "is_inclusive",
        "is_reverse_charged",
        "starts_on",
        "ends_on",
    )
    list_filter = ("country", "is_inclusive", "is_reverse_charged")
    search_fields = ("country", "region", "name")
    addable = ("country", "region", "name", "rate_ppm", "is_inclusive", "is_reverse_charged", "starts_on", "ends_on")
    editable = ("ends_on",)


@admin.register(BillingProfile)
class BillingProfileAdmin(StaffModelAdmin[BillingProfile]):
    """Whom an organization's invoices are made out to; they change it themselves."""

    list_display = ("organization", "legal_name", "city", "country", "tax_id")
    list_filter = ("country",)
    list_select_related = ("organization",)
    search_fields = ("organization__name", "legal_name", "tax_id")
