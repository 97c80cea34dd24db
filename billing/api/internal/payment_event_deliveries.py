"""Events for consumers, sent once more."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from billing.services import consumers
from platform_core.api import access
from platform_core.api.strict import Nothing, StrictModelSerializer
from platform_core.api.surfaces import InternalSurface
from platform_core.models import WebhookDelivery


class EventDeliverySerializer(StrictModelSerializer[WebhookDelivery]):
    """An event for a consumer; `webhookId` is what the consumer knows it by."""

    webhook_id = serializers.CharField(read_only=True)

    class Meta:
        model = WebhookDelivery
        fields = ["id", "webhook_id", "event", "status", "attempt", "response_status", "error", "created_at"]
        read_only_fields = fields


class PaymentEventDeliveryRetry(InternalSurface):
    """Owes the consumer an event once more, from the first try and under the id it had."""

    access = {"POST": access.INTERNAL}
    failures = {"POST": (409,)}
    idempotent = True

    @extend_schema(request=Nothing, responses={202: EventDeliverySerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        self.validated(Nothing)
        delivery = consumers.deliver_again(pk)
        return Response(EventDeliverySerializer(delivery).data, status=status.HTTP_202_ACCEPTED)
