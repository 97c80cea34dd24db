"""What we owe to the outside: webhooks and mail."""

import json
from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin
from unfold.decorators import display

from platform_core.admin.base import Operation, StaffInline, StaffModelAdmin
from platform_core.models import Mail, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from platform_core.services import outbox, webhook_endpoints, webhook_messages

CHANGE_ENDPOINT = "platform_core.change_webhookendpoint"
RUNNING = ("active", "throttled")


class DeliveryInline(StaffInline):
    """The events of an endpoint."""

    model = WebhookDelivery
    fields = ("event", "status", "response_status", "error", "created_at", "delivered_at")
    ordering = ("-pk",)
    show_change_link = True


class AttemptInline(StaffInline):
    """The tries of a delivery, with what came back."""

    model = WebhookAttempt
    fields = ("created_at", "response_status", "duration_ms", "error", "response_body")
    ordering = ("-pk",)


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(StaffModelAdmin[WebhookEndpoint]):
    """An address that receives signed events; what signs them is never shown."""

    list_display = ("url", "name", "owner_type", "organization_id", "condition", "in_order", "created_at")
    list_filter = ("owner_type", "enrolled", "is_active", "in_order")
    search_fields = ("url", "name", "owner_id", "organization_id")
    inlines = (DeliveryInline,)
    operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "test",
            "Send a test event",
            CHANGE_ENDPOINT,
            lambda endpoint, by: webhook_messages.send_test(endpoint, by=by),
            offered=lambda endpoint: endpoint.state in RUNNING,
        ),
        Operation(
            "pause",
            "Pause",
            CHANGE_ENDPOINT,
            lambda endpoint, by: webhook_endpoints.pause(endpoint, by=by),
            offered=lambda endpoint: endpoint.state in RUNNING,
        ),
        Operation(
            "resume",
            "Resume",
            CHANGE_ENDPOINT,
            lambda endpoint, by: webhook_endpoints.resume(endpoint, by=by),
            offered=lambda endpoint: endpoint.state != "active",
        ),
        Operation(
            "disable",
            "Disable",
            CHANGE_ENDPOINT,
            lambda endpoint, by: webhook_endpoints.disable(endpoint, by=by),
            offered=lambda endpoint: endpoint.is_active,
            is_dangerous=True,
        ),
    )

    @display(  # type: ignore[untyped-decorator]
        description="State",
        label={"active": "success", "throttled": "warning", "paused": "info", "disabled": "danger"},
    )
    def condition(self, endpoint: WebhookEndpoint) -> str:
        """How it does."""
        return endpoint.state


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(StaffModelAdmin[WebhookDelivery]):
    """One event for one endpoint."""

    list_display = ("event", "endpoint", "state", "attempt", "response_status", "created_at", "delivered_at")
    list_filter = ("status", "endpoint__owner_type", "event")
    list_select_related = ("endpoint",)
    search_fields = ("event", "idempotency_key", "message__id", "endpoint__url", "error")
    date_hierarchy = "created_at"
    readonly_fields = ("body_sent",)
    concealed = ("payload", "message")
    inlines = (AttemptInline,)
    operations: ClassVar[Sequence[Operation]] = (
        Operation(
            "redeliver",
            "Deliver again",
            "platform_core.change_webhookdelivery",
            lambda delivery, by: outbox.redeliver(delivery, by=by),
            offered=lambda delivery: delivery.status not in WebhookDelivery.WAITING,
        ),
    )

    @display(description="Body")  # type: ignore[untyped-decorator]
    def body_sent(self, delivery: WebhookDelivery) -> str:
        """What is posted."""
        return json.dumps(delivery.body, indent=2, ensure_ascii=False)


@admin.register(Mail)
class MailAdmin(StaffModelAdmin[Mail]):
    """A message. Its text is between us and the person: it may hold a link that opens their account."""

    list_display = ("to", "subject", "template", "state", "attempt", "created_at", "sent_at")
    list_filter = ("status", "template")
    search_fields = ("to", "subject", "idempotency_key")
    date_hierarchy = "created_at"
