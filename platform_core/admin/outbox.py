"""What we owe to the outside: webhooks and mail."""

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin

from platform_core.admin.base import Operation, StaffInline, StaffModelAdmin
from platform_core.models import Mail, WebhookDelivery, WebhookEndpoint
from platform_core.services import outbox


class DeliveryInline(StaffInline):
    """The events of an endpoint."""

    model = WebhookDelivery
    fields = ("event", "status", "response_status", "error", "created_at", "delivered_at")
    show_change_link = True


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(StaffModelAdmin[WebhookEndpoint]):
    """An address that receives signed events; what signs them is never shown."""

    list_display = ("url", "owner_type", "organization_id", "enrolled", "is_active", "created_at")
    list_filter = ("owner_type", "enrolled", "is_active")
    search_fields = ("url", "owner_id", "organization_id")
    inlines = (DeliveryInline,)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(StaffModelAdmin[WebhookDelivery]):
    """One event for one endpoint."""

    list_display = ("event", "endpoint", "state", "attempt", "response_status", "created_at", "delivered_at")
    list_filter = ("status", "event")
    list_select_related = ("endpoint",)
    search_fields = ("event", "idempotency_key", "endpoint__url", "error")
    date_hierarchy = "created_at"
    operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "redeliver",
            "Deliver again",
            "platform_core.change_webhookdelivery",
            lambda delivery, by: outbox.redeliver(delivery, by=by),
            offered=lambda delivery: delivery.status != WebhookDelivery.Status.PENDING,
        ),
    )


@admin.register(Mail)
class MailAdmin(StaffModelAdmin[Mail]):
    """A message. Its text is between us and the person: it may hold a link that opens their account."""

    list_display = ("to", "subject", "template", "state", "attempt", "created_at", "sent_at")
    list_filter = ("status", "template")
    search_fields = ("to", "subject", "idempotency_key")
    date_hierarchy = "created_at"
