"""Money that went back, or is fought over."""

from django.contrib import admin

from billing.admin.amounts import Priced
from billing.models import Dispute, Refund
from platform_core.admin.base import StaffModelAdmin


@admin.register(Refund)
class RefundAdmin(Priced, StaffModelAdmin[Refund]):
    """Money on its way back. One that is only requested is asked for again by the clock."""

    list_display = ("payment", "organization", "state", "amount_minor", "reason", "requested_by", "created_at")
    list_filter = ("status", "currency")
    list_select_related = ("payment", "organization", "requested_by")
    search_fields = ("provider_refund_id", "payment__provider_payment_id", "organization__name")
    date_hierarchy = "created_at"


@admin.register(Dispute)
class DisputeAdmin(Priced, StaffModelAdmin[Dispute]):
    """A payment that the customer's bank takes back. It is answered at the provider."""

    list_display = ("payment", "organization", "state", "amount_minor", "fee_minor", "reason", "evidence_due_at")
    list_filter = ("status", "currency", "reason")
    list_select_related = ("payment", "organization")
    search_fields = ("provider_dispute_id", "payment__provider_payment_id", "organization__name")
    date_hierarchy = "created_at"
