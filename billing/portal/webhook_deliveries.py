"""One event that was sent to an endpoint: what it said, and each try."""

import json
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from billing.portal.webhooks import WebhookPage
from platform_core.services import outbox, webhook_endpoints

TRIES_SHOWN = 20


class DeliveryDetail(WebhookPage):
    """The body, the tries with what came back, and the button that sends it again."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        delivery = webhook_endpoints.own_delivery(self.organization.pk, pk)
        return self.page(
            "portal/billing/webhook_delivery.html",
            delivery=delivery,
            endpoint=delivery.endpoint,
            body=json.dumps(delivery.body, indent=2, ensure_ascii=False),
            attempts=list(delivery.attempts.order_by("-created_at", "-pk")[:TRIES_SHOWN]),
        )

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        delivery = webhook_endpoints.own_delivery(self.organization.pk, pk)
        self.done(request, lambda: outbox.redeliver(delivery, by=self.actor), "It is sent once more.")
        return redirect("portal:webhook-delivery", pk)
