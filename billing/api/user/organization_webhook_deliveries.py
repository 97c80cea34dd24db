"""What was sent to an organization's webhook endpoints, and what came back."""

from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from platform_core.api.pagination import CursorPage
from platform_core.api.strict import Nothing, StrictModelSerializer, StrictSerializer
from platform_core.models import WebhookAttempt, WebhookDelivery
from platform_core.services import outbox, webhook_endpoints


class WebhookDeliverySerializer(StrictModelSerializer[WebhookDelivery]):
    """One event for one endpoint. `webhookId` is what the receiver knows it by."""

    endpoint_id = serializers.UUIDField(read_only=True)
    webhook_id = serializers.CharField(read_only=True)
    next_attempt_at = serializers.SerializerMethodField()

    class Meta:
        model = WebhookDelivery
        fields = [
            "id",
            "webhook_id",
            "endpoint_id",
            "event",
            "status",
            "attempt",
            "response_status",
            "error",
            "created_at",
            "delivered_at",
            "next_attempt_at",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_next_attempt_at(self, delivery: WebhookDelivery) -> str | None:
        """When it is tried next, where somebody will."""
        if delivery.status != WebhookDelivery.Status.PENDING:
            return None
        return serializers.DateTimeField().to_representation(delivery.run_after)


class WebhookAttemptSerializer(StrictModelSerializer[WebhookAttempt]):
    """One try. Of the answer its beginning is kept, without secrets."""

    class Meta:
        model = WebhookAttempt
        fields = ["created_at", "url", "response_status", "response_body", "error", "duration_ms"]
        read_only_fields = fields


class WebhookDeliveryDetailSerializer(WebhookDeliverySerializer):
    """With the body and every try that is kept."""

    body = serializers.JSONField(read_only=True)
    attempts = WebhookAttemptSerializer(many=True, read_only=True)

    class Meta(WebhookDeliverySerializer.Meta):
        fields = [*WebhookDeliverySerializer.Meta.fields, "body", "attempts"]
        read_only_fields = fields


class DeliveryFilterSerializer(StrictSerializer):
    endpoint_id = serializers.UUIDField(required=False)
    event = serializers.CharField(required=False, max_length=80)
    status = serializers.ChoiceField(choices=WebhookDelivery.Status.choices, required=False)


class OrganizationWebhookDeliveryList(OrganizationSurface):
    access = {"GET": roles.WEBHOOK_MANAGE}
    pagination_class = CursorPage

    @extend_schema(parameters=[DeliveryFilterSerializer], responses={200: WebhookDeliverySerializer(many=True)})
    def get(self, request: Request, organization_id: str) -> Response:
        """The newest first; kept for a month."""
        asked = self.validated(DeliveryFilterSerializer, query=True)
        sent = WebhookDelivery.objects.filter(
            endpoint__organization_id=self.organization.pk, endpoint__owner_type=webhook_endpoints.OWNER, **asked
        )
        return self.page(sent.order_by("-id"), WebhookDeliverySerializer)


class OrganizationWebhookDeliveryDetail(OrganizationSurface):
    access = {"GET": roles.WEBHOOK_MANAGE}

    @extend_schema(responses={200: WebhookDeliveryDetailSerializer})
    def get(self, request: Request, organization_id: str, pk: UUID) -> Response:
        delivery = webhook_endpoints.own_delivery(self.organization.pk, pk)
        return Response(WebhookDeliveryDetailSerializer(delivery).data)


class OrganizationWebhookDeliveryRetry(OrganizationSurface):
    """Sends one once more, under the id it had."""

    access = {"POST": roles.WEBHOOK_MANAGE}
    failures = {"POST": (409,)}
    idempotent = True

    @extend_schema(request=Nothing, responses={202: WebhookDeliverySerializer})
    def post(self, request: Request, organization_id: str, pk: UUID) -> Response:
        self.validated(Nothing)
        delivery = webhook_endpoints.own_delivery(self.organization.pk, pk)
        again = outbox.redeliver(delivery, by=self.actor)
        return Response(WebhookDeliverySerializer(again).data, status=status.HTTP_202_ACCEPTED)
